"""Whether records that come as they are, from Python or from an export, can be stored as papers."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.records import Paper, is_visible

_PAPER = TypeAdapter(Paper)


def checked(values: "Paper | Mapping[str, Any]") -> Paper:
    """The paper with these fields, each of its type. Raises ValueError, saying which one is wrong and why."""
    try:
        paper = _PAPER.validate_python(asdict(values) if isinstance(values, Paper) else values)
        json.dumps(asdict(paper), ensure_ascii=False).encode()
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except UnicodeEncodeError as error:
        raise ValueError(f"it holds {error.object[error.start]!a}, half of a character, which is no text") from None
    except TypeError as error:  # of a value that cannot even be copied
        raise ValueError(str(error)) from None
    if not is_visible(paper.title):
        raise ValueError("it has no title")
    if paper.year is not None and not 0 < paper.year < 10_000:
        raise ValueError("its year is none")
    return paper
