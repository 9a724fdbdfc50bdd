"""What several loaders share: a paper from named fields, cleaned text, and how many problems to name."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.records import Paper, counted, is_visible

_NAMED = 20
_ARXIV = re.compile(
    r"(?:arxiv(?:\.org/(?:abs|pdf)/|:)\s*|^)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?$",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
# A person's name as it stands under a title.
_PARTICLES = (
    "af al bin da das de del dela della den der di do dos du el la le los ten ter van von y zu zum zur".replace(
        " ", "|"
    )
)
NAME = re.compile(rf"^(?:[A-ZÀ-Ý][\w'’.-]*\s+){{1,4}}(?:(?:{_PARTICLES}|d[’'])\s*){{0,3}}[A-ZÀ-Ý][\w'’-]+\.?$")
# Under a title, these stand in affiliations and addresses, not in names.
NOT_A_NAME = re.compile(
    r"\b(?:university|universit[àäée]|institut|department|school|college|laborator|research|google|microsoft|abstract|academy|"
    r"author note|center|centre|clinic|corporation|hospital|pharma|technolog|science|engineering|email|revised|societ|"
    r"association|street|china|germany|united|(?:ag|box|gmbh|group|inc|llc|ltd|meta|team|usa)\b|"
    r"(?:draft|edition|guide|handbook|introduction|manual|report|supplement|thesis|tutorial|version|vignette)s?\b)",
    re.IGNORECASE,
)  # fmt: skip
# These stand for a person where none was named: programs, sites and accounts.
_NO_PERSON = re.compile(
    r"\b(?:admin\w*|authors?|blogs?|default|editors?|editorial|generator|journal|latex|magazine|news(?:paper|room)?|office|pandoc|"
    r"site|sphinx|staff|the|times|user|web(?:master|site)?|wiki\w*|word(?:press)?|writers?)\b", re.IGNORECASE,
)  # fmt: skip
# A date that stands by itself under a title or above it.
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?"
    r"|Dec(?:ember)?)\.?"
)
DATED = re.compile(
    r"^\(?(?:(?:dated|draft(?: version)?|published(?: online)?|(?:this )?version(?: of)?|last revised|compiled)\b:?\s*)?"
    rf"(?P<date>{_MONTH}(?: \d{{1,2}},?)? (?:19|20)\d\d|\d{{1,2}}\.? {_MONTH},? (?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d)\)?\.?$",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r",\s*(?:Jr|Sr|II|III|IV|PhD|MD)\.?$")
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")


def named_problems(problems: Sequence[str], what: str = "line") -> tuple[str, ...]:
    """The problems, or the first twenty of them and how many more there are."""
    if len(problems) <= _NAMED:
        return tuple(problems)
    return (*problems[:_NAMED], f"and {counted(len(problems) - _NAMED, f'more {what}')}")


def clean(value: Any) -> str:
    """Text with white space made plain; "" for what is no text or number, and for what shows nothing."""
    text = " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
    return text if is_visible(text) else ""


def arxiv_id(value: Any) -> str | None:
    """The arXiv id, without its version, that an id or address holds; None where it holds none."""
    match = _ARXIV.search(clean(value))
    return match.group(1) if match else None


def doi(value: Any) -> str | None:
    """The DOI, in lower case, that an id or address holds; None where it holds none."""
    match = _DOI.search(clean(value))
    if not match:
        return None
    found = match.group().rstrip(".,;")
    while found.endswith(")") and found.count(")") > found.count(
        "("
    ):  # "(see 10.1000/182)", but not "10.1016/0140(96)"
        found = found[:-1].rstrip(".,;")
    return found.lower()


def year(value: Any) -> int | None:
    """The first year, 1900 to 2099, in a date."""
    match = _YEAR.search(clean(value))
    return int(match.group()) if match else None


def names(value: Any) -> tuple[str, ...]:
    """Authors from a list of names or of objects with a name, or from one text parted by semicolons, "and" or commas."""
    if isinstance(value, str):
        value = _parted(value)
    if not isinstance(value, Sequence):
        return ()
    found = []
    for entry in value:
        if isinstance(entry, Mapping):
            inner = entry.get("author")
            entry = (
                entry.get("name")
                or entry.get("display_name")
                or (inner.get("display_name") if isinstance(inner, Mapping) else "")
            )
        name = clean(entry)
        if name.count(",") == 1 and not _SUFFIX.search(name):  # "Family, Given"
            name = " ".join(part.strip() for part in reversed(name.split(",")))
        found.append(name.strip())
    return tuple(dict.fromkeys(filter(None, found)))


def is_person(name: str) -> bool:
    """True for what reads as a person's name and not as that of a program, a site or an institution."""
    return NAME.match(name) is not None and not NOT_A_NAME.search(name) and not _NO_PERSON.search(name)


def _parted(text: str) -> list[str]:
    """The names in a text. A comma parts two of them ("Ada Lovelace, Alan Turing") only where what it parts are all whole
    names: in "Turing, Alan and van Rossum, Guido" it stands within one."""
    parts = re.split(r"(?:, ?| )and |;", " ".join(text.split()))
    smaller = [name.strip() for part in parts for name in part.split(",")]
    is_list = ";" not in text and all(len(name.split()) > 1 and not name[0].islower() for name in smaller)
    return smaller if is_list else parts


def paper(fields: Mapping[str, Any], source: str) -> Paper:
    """A paper from fields that formats name alike: title, abstract, authors, year, date, doi, arxiv_id, venue, url.

    Raises ValueError where there is no title.
    """
    title = clean(fields.get("title"))
    if not title:
        raise ValueError("it has no title")
    abstract = fields.get("abstract") or ""
    if not isinstance(abstract, str):
        raise ValueError("its abstract is no text")
    return Paper(
        title=title,
        abstract=abstract.strip(),
        authors=names(fields.get("authors") or ()),
        date=clean(fields.get("date")) or None,
        year=year(fields.get("year")) or year(fields.get("date")),
        doi=doi(fields.get("doi")),
        arxiv_id=arxiv_id(fields.get("arxiv_id")),
        venue=clean(fields.get("venue")) or None,
        url=clean(fields.get("url")) or None,
        sources=(source,),
    )
