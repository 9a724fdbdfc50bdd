"""JSON of papers, one object a line or as one array or object: our own form, arXiv's metadata dump, Semantic Scholar,
OpenAlex, and the papers API of Hugging Face.

Our own form has `title` and `abstract`, and optionally `authors` (list of names), `year`, `date`, `url`, `doi`, `arxiv_id`,
`venue`; `assistant export` writes it with the whole text.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.errors import LoadError
from assistant.loaders.parts import arxiv_id, named_problems, paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper, paper_from

_LISTS = ("papers", "data", "results", "items")  # where an API's answer keeps its papers


def sniff(source: Source) -> bool:
    """True where the first character that is not space opens a JSON object or array."""
    return not source.is_binary and source.head.lstrip()[:1] in ("{", "[") and '"' in source.head


def load(source: Source) -> Loaded:
    """The papers in order; an object that is no paper is named in `problems`. Raises LoadError where none is one."""
    papers: list[Paper] = []
    problems: list[str] = []
    vectors: dict[bytes, bytes] = {}
    for place, read in _objects(source.text):
        try:
            record = read()
            papers.append(_paper(record, source.name))
            vectors |= _vectors(record.get("embeddings"))
        except (ValueError, TypeError, RecursionError) as error:
            problems.append(f"{place}: {str(error).splitlines()[0]}; left out")
    if not papers:
        raise LoadError(f"{source.name} holds no paper: {problems[0] if problems else 'it holds no object'}")
    return Loaded(tuple(papers), named_problems(problems), vectors=vectors)


def _objects(text: str) -> Iterator[tuple[str, Any]]:
    """Every object with its place, as a function that reads it: one document, or one a line."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield f"line {number}", lambda line=line: json.loads(line)
        return
    if isinstance(whole, Mapping):
        inner = next((whole[name] for name in _LISTS if isinstance(whole.get(name), list)), None)
        whole = [whole] if inner is None else inner
    for number, record in enumerate(whole, 1):
        yield f"object {number}", lambda record=record: record


def _paper(record: Any, source: str) -> Paper:
    if isinstance(record, Mapping) and isinstance(record.get("paper"), Mapping):  # Hugging Face's API wraps each paper
        record = {**record, **record["paper"]}
    if not isinstance(record, Mapping):
        raise ValueError("not a JSON object")
    if "body" in record and "id" in record and "abstract" in record:
        return _exported(record, source)
    title = record.get("title") or record.get("display_name")
    if not isinstance(title, str) or not title.strip():
        raise ValueError("needs a text 'title' and a text 'abstract'")
    outer = record.get("externalIds") if isinstance(record.get("externalIds"), Mapping) else {}
    assert isinstance(outer, Mapping)
    abstract = record.get("abstract") or record.get("summary") or _inverted(record.get("abstract_inverted_index"))
    if not isinstance(abstract, str):
        raise ValueError("needs a text 'title' and a text 'abstract'")
    return paper(
        {
            "title": title,
            "abstract": abstract,
            "authors": record.get("authors") or record.get("authorships"),
            "year": record.get("year") or record.get("publication_year"),
            "date": record.get("date") or record.get("publication_date") or record.get("publicationDate"),
            "doi": record.get("doi") or outer.get("DOI"),
            "arxiv_id": record.get("arxiv_id") or outer.get("ArXiv") or arxiv_id(record.get("id")),
            "venue": record.get("venue") or record.get("journal-ref"),
            "url": record.get("url"),
        },
        source,
    )


def _exported(record: Mapping[str, Any], source: str) -> Paper:
    try:
        values = {name: value for name, value in record.items() if name != "embeddings"}
        return paper_from({"sources": (source,), **values})
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"is no paper of 'assistant export' ({error})") from None


def _vectors(embeddings: Any) -> dict[bytes, bytes]:
    """The embeddings of an exported paper: catalogue keys in hexadecimal, float16 vectors in base64."""
    if not isinstance(embeddings, Mapping):
        return {}
    return {bytes.fromhex(key): base64.b64decode(vector) for key, vector in embeddings.items()}


def _inverted(index: Any) -> str:
    """The abstract out of OpenAlex's inverted index, a list of positions for each word."""
    if not isinstance(index, Mapping):
        return ""
    placed = {
        position: word for word, positions in index.items() if isinstance(positions, list) for position in positions
    }
    return " ".join(
        str(placed[position]) for position in sorted(position for position in placed if isinstance(position, int))
    )
