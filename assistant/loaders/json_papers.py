"""JSON of papers, one object a line or as one array or object: our own form, arXiv's metadata dump, Semantic Scholar,
OpenAlex, and the papers API of Hugging Face.

Our own form has `title` and `abstract`, and optionally `authors` (list of names), `year`, `date`, `url`, `doi`, `arxiv_id`,
`venue`; `assistant export` writes it with the whole text.
"""

import base64
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from assistant.errors import LoadError
from assistant.loaders.checking import checked
from assistant.loaders.parts import arxiv_id, clean, named_problems, paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper

_LARGE = 16_000_000  # bytes
_FIRST_LINE = 4_000_000  # bytes: an exported paper with its embeddings
_PART = 2048  # lines
_SPELT_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LISTS = ("papers", "data", "results", "items")  # where an API's answer keeps its papers


def sniff(source: Source) -> bool:
    """True where the first character that is not space opens a JSON object or array."""
    return not source.is_binary and source.head.lstrip()[:1] in ("{", "[") and '"' in source.head


def is_large(source: Source) -> bool:
    """True for lines of UTF-8 that are better read a part at a time."""
    start = source.data[:_FIRST_LINE].partition(b"\n")
    if len(source.data) < _LARGE or not start[1]:
        return False
    with suppress(ValueError, RecursionError):
        return isinstance(json.loads(start[0].decode("utf-8-sig")), Mapping)
    return False


def load_lines(source: Source) -> Iterator[Loaded]:
    """The papers of JSON Lines, a part at a time; the file's text is never decoded whole. Raises LoadError as `load` does."""
    total = source.data.count(b"\n") + 1
    lines = enumerate(io.BytesIO(source.data), 1)
    found, problem = 0, "it holds no object"
    while part := [(number, line) for number, line in islice(lines, _PART)]:
        loaded = _read(((f"line {n}", partial(_parsed, line)) for n, line in part if line.strip()), source.name)
        found, problem = found + len(loaded.papers), next(iter(loaded.problems), problem)
        yield replace(loaded, total=total)
    if not found:
        raise LoadError(f"{source.name} holds no paper: {problem}")


def _parsed(line: bytes) -> Any:
    return _json(line.decode("utf-8-sig"))


def _json(text: str) -> Any:
    """The value of a JSON text. Halves of surrogate pairs, which JSON can spell and UTF-8 cannot, are replaced."""
    value = json.loads(text)
    return _mended(value) if _SPELT_SURROGATE.search(text) else value


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    return {_mended(name): _mended(each) for name, each in value.items()} if isinstance(value, dict) else value


def load(source: Source) -> Loaded:
    """The papers in order; an object that is no paper is named in `problems`. Raises LoadError where none is one."""
    loaded = _read(_objects(source.text), source.name)
    if not loaded.papers:
        raise LoadError(f"{source.name} holds no paper: {next(iter(loaded.problems), 'it holds no object')}")
    return loaded


def _read(objects: Iterable[tuple[str, Callable[[], Any]]], source: str) -> Loaded:
    papers: list[Paper] = []
    problems: list[str] = []
    vectors: dict[bytes, bytes] = {}
    for place, read in objects:
        try:
            record = read()
            read_paper, read_vectors = _paper(record, source), _vectors(record.get("embeddings"))
            papers.append(read_paper)
            vectors |= read_vectors
        except (ValueError, TypeError, RecursionError) as error:
            problems.append(f"{place}: {str(error).splitlines()[0]}; left out")
    return Loaded(tuple(papers), named_problems(problems), vectors=vectors)


def _objects(text: str) -> Iterator[tuple[str, Any]]:
    """Every object with its place, as a function that reads it: one document, or one a line."""
    try:
        whole = _json(text)
    except (ValueError, RecursionError):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield f"line {number}", lambda line=line: _json(line)
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
            "authors": _arxiv_names(record.get("authors_parsed")) or record.get("authors") or record.get("authorships"),
            "year": record.get("year") or record.get("publication_year"),
            "date": record.get("date") or record.get("publication_date") or record.get("publicationDate"),
            "doi": record.get("doi") or outer.get("DOI"),
            "arxiv_id": record.get("arxiv_id") or outer.get("ArXiv") or arxiv_id(record.get("id")),
            "venue": record.get("venue") or record.get("journal-ref"),
            "url": record.get("url"),
        },
        source,
    )


def _arxiv_names(parsed: Any) -> list[str]:
    """The authors out of arXiv's dump, which has each as [family name, given name, suffix]."""
    if not isinstance(parsed, list) or not all(isinstance(name, list) and len(name) > 1 for name in parsed):
        return []
    return [" ".join(clean(part) for part in (name[1], name[0], *name[2:3])).strip() for name in parsed]


def _exported(record: Mapping[str, Any], source: str) -> Paper:
    values = {name: value for name, value in record.items() if name != "embeddings"}
    try:
        return checked({"sources": (source,), **values, "abstract": values["abstract"] or ""})
    except ValueError as error:
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
