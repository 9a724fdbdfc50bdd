"""A library as one file, which `add` reads anywhere."""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict

from assistant.store.catalogue import Catalogue


def exported(catalogue: Catalogue, embeddings: bool) -> Iterator[bytes]:
    """Every paper as a line of JSON with its text; with `embeddings`, those of its chunks by the key of their text."""
    for paper_id in catalogue.paper_ids():
        if paper := catalogue.paper(paper_id):  # another process may have removed it meanwhile
            record = asdict(paper)
            if embeddings:
                stored = catalogue.stored_vectors(paper_id)
                record["embeddings"] = {key.hex(): base64.b64encode(vector).decode() for key, vector in stored.items()}
            yield json.dumps(record, ensure_ascii=False).encode() + b"\n"
