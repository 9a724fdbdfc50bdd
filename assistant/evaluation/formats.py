"""Test sets in the forms of ragas and deepeval, read and written.

Neither says which paper a text is of, nor that nothing answers a question: on the way in, a reference context becomes a
group of evidence in the paper that holds it verbatim, and a question with neither reference nor context is one that the papers
do not answer. On the way out, the first alternative of each group is the reference context; `not_held` says what is lost.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from assistant.errors import TestSetError
from assistant.evaluation.results import item_record
from assistant.evaluation.testset import Item, are_texts, item_from
from assistant.files import write_whole
from assistant.records import Paper, counted

Form = Literal["assistant", "ragas", "deepeval"]

# Our meaning -> the name of the field in each form.
_FIELDS: dict[str, dict[str, str]] = {
    "ragas": {"question": "user_input", "reference": "reference", "contexts": "reference_contexts"},
    "deepeval": {"question": "input", "reference": "expectedOutput", "contexts": "context"},
}
_OTHER_NAMES = {"expectedOutput": "expected_output"}  # deepeval writes one in files and the other from Python


def import_testset(path: Path, papers: Sequence[Paper]) -> tuple[list[Item], int]:
    """Items from a ragas or deepeval file (a JSON list, or JSON Lines), and how many contexts no paper holds verbatim.

    Raises TestSetError, naming the record, where the form is not known.
    """
    items, lost = [], 0
    for number, record in enumerate(_records(path), 1):
        try:
            item, missing = _imported(record, number, papers)
            items.append(item_from(item))
        except (ValueError, TypeError) as error:
            raise TestSetError(f"{path.name}, record {number}: {error}; mend it and retry") from None
        lost += missing
    return items, lost


def _imported(record: Any, number: int, papers: Sequence[Paper]) -> tuple[dict[str, Any], int]:
    """The item of a record as plain JSON types, and how many of its contexts no paper holds. Raises ValueError for a record that
    makes none."""
    form = next((f for f, names in _FIELDS.items() if isinstance(record, dict) and names["question"] in record), None)
    if form is None:
        raise ValueError("neither 'user_input' (ragas) nor 'input' (deepeval) is there")
    names = _FIELDS[form]
    reference = record.get(names["reference"]) or record.get(_OTHER_NAMES.get(names["reference"], "")) or ""
    given = record.get(names["contexts"]) or ()
    if not are_texts(given):
        raise ValueError(f"{names['contexts']!r} must be a list of texts")
    contexts = [context for context in given if context.strip()]
    holding = [next((p for p in papers if any(c in section.text for section in p.sections)), None) for c in contexts]
    evidence = [
        {"paper": paper.title, "alternatives": [context]}
        for paper, context in zip(holding, contexts, strict=True)
        if paper
    ]
    if contexts and not (reference or evidence):
        raise ValueError(
            "no paper of the library holds its contexts verbatim, and it has no reference; add the papers, give it a reference "
            "or leave it out"
        )
    item = {
        "id": f"{form}-{number}",
        "question": record[names["question"]],
        "answerable": bool(reference or evidence),
        "reference": reference,
        "evidence": evidence,
        "relevant": {group["paper"]: 2 for group in evidence},
        "provenance": form,
        "reviewed": False,
    }
    return item, len(contexts) - len(evidence)


def _records(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        try:
            value = json.loads(text)
            return value if isinstance(value, list) else [value]
        except ValueError:
            return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, ValueError) as error:
        raise TestSetError(f"{path} cannot be read as JSON ({error}); give a JSON list or JSON Lines") from None


def export_testset(items: Sequence[Item], path: Path, form: Form) -> None:
    """Writes items as JSON Lines: in our own form, or with the field names of ragas or deepeval.

    These leave out answerable questions with neither reference nor evidence, which would read as unanswerable.
    """
    items = [item for item in items if form == "assistant" or not _reads_as_unanswerable(item)]
    records = [item_record(item) if form == "assistant" else _foreign(item, _FIELDS[form]) for item in items]
    write_whole(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode())


def not_held(items: Sequence[Item]) -> list[str]:
    """What the forms of ragas and deepeval cannot hold of `items`, each with the number of questions."""
    kept = [item for item in items if not _reads_as_unanswerable(item)]
    relevant = [item for item in kept if item.relevant.keys() - {group.paper for group in item.evidence}]
    counts = {
        "left out, as they would read as unanswerable: answerable, with neither reference nor evidence": len(items)
        - len(kept),
        "without the papers left out for them, so that these may answer them": sum(bool(item.without) for item in kept),
        "without the turns before them": sum(bool(item.history) for item in kept),
        "without their nuggets": sum(bool(item.nuggets) for item in kept),
        "without their relevant papers, of which they cite no evidence": len(relevant),
        "without further alternatives of their evidence": sum(
            any(len(group.alternatives) > 1 for group in item.evidence) for item in kept
        ),
    }
    return [f"{counted(count, 'question')} {what}" for what, count in counts.items() if count] + [
        "no ids, types, splits and grades"
    ]


def _reads_as_unanswerable(item: Item) -> bool:
    return item.answerable and not (item.reference or item.evidence)


def _foreign(item: Item, names: Mapping[str, str]) -> dict[str, Any]:
    contexts = [group.alternatives[0] for group in item.evidence]
    # A note on a question that the papers do not answer is no answer.
    reference = item.reference if item.answerable else ""
    return {names["question"]: item.question, names["reference"]: reference, names["contexts"]: contexts}
