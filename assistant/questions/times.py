"""The time of publication that a question names: "from May 2022", "before 2020", "between 2020 and 2023", "not from 2024".

It is told from other times: models that were trained before 2020 are a topic. In doubt the words are one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from assistant.questions.numbers import SEVERAL, number
from assistant.questions.today import with_dates
from assistant.records import Paper
from assistant.terms import MONTHS

_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_MONTH_NAME = rf"(?:{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS)})\b"
# What a date says of its month and day: "Mar 9, 2023", "9 March 2023", "2023-03-09", "2023/03", "03/2023".
_MONTH = re.compile(
    rf"\b({'|'.join(MONTHS.values())})[a-z]*|(?<!\d)(?:19|20)\d{{2}}[-/.](0?[1-9]|1[0-2])(?!\d)"
    r"|(?<![\d/.-])(0?[1-9]|1[0-2])[-/.](?:19|20)\d{2}(?!\d)", re.IGNORECASE,
)  # fmt: skip
_DAY = re.compile(
    rf"\b{_MONTH_NAME}\.? (\d{{1,2}})(?:st|nd|rd|th)?\b|\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH_NAME}"
    r"|(?<!\d)(?:19|20)\d\d-\d\d-(\d\d)(?!\d)", re.IGNORECASE,
)  # fmt: skip
_DATE = (
    rf"(?:{_MONTH_NAME}\.?(?: \d{{1,2}}(?:st|nd|rd|th)?)?,? (?:of )?|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH_NAME}\.?,? )?"
    r"(?<!\w)(?:19|20)\d\d(?:[-/.]\d\d){0,2}(?!\w|-(?!(?:19|20)\d\d\b))"
)
_EACH_DATE = re.compile(_DATE, re.IGNORECASE)
# "March and May 2023" are two months of one year.
_MONTH_WITHOUT_YEAR = re.compile(
    rf"\b({_MONTH_NAME})(?=\s?(?:and|or|to|until|through|[-–—])\s(?:{_MONTH_NAME}) ((?:19|20)\d\d)\b)", re.IGNORECASE
)
_PART = r"(?:(?:the )?(?:years?|early|late|(?:end|start|beginning|spring|summer|autumn|fall|winter) of) )?"
_BEFORE = r"before|prior to|earlier than|older than"
_AFTER = r"after|later than|newer than|more recent than|past"
_UNTIL = r"until|till|up until|through|(?:no|not) later than"
_BY = r"by|up to(?: and including)?"  # after "published" only: "scenarios up to 2060"
_SINCE = r"since|as of|(?:starting|beginning) (?:from|in|with)|(?:no|not) earlier than"
_LATER = (
    r" ?(?:\+|onwards?\b|on\b(?=\W*$)|(?:and|or) (?:later|after|newer|onwards?)\b(?! \d)"
    r"|(?:to|until|till) (?:now|today|date|the present)\b)"
)
_EARLIER = r" (?:and|or) (?:earlier|before|older)\b(?! \d)"
_PUBLISHED = r"(?:published|appear(?:ed|ing|s)?|released|dated|c[ao]me out)\b"
_NOT = (
    r"\b(?:not|except(?: for)?|excluding|other than|apart from)"
    rf"(?: (?:the|those|ones?|any|papers|that|were|are|{_PUBLISHED}))* "
)
_YEARS = rf"(?:\b(?:in|within|during|over) )?\bthe (?:(?:last|past|first|next) )?(?P<count>\d\d?|one|{SEVERAL}) years "
_FROM = rf"\bfrom (?={_BEFORE}|{_AFTER}|between|the)"  # "from before 2020"
_TIME = re.compile(
    rf"(?P<no>{_NOT})?(?:{_FROM})?(?:{_YEARS})?"
    rf"(?:\b(?:(?P<before>{_BEFORE})|(?P<after>{_AFTER})|(?P<until>{_UNTIL})|(?P<by>{_BY})|(?P<since>{_SINCE})"
    rf"|(?P<between>between)|(?P<within>in|from|of|during|dated|on(?= (?:\d\d? |{_MONTH_NAME}|\d{{4}}-)))) "
    rf"|\b(?P<pre>pre-)|\b(?P<post>post-))?{_PART}(?:(?<![A-Za-z]-)|(?<=pre-)|(?<=post-)){_DATE}"
    rf"(?P<to>(?:\s?[-–—]\s?| (?:to|until|till|through|up to) |(?(between) and |(?!))){_PART}{_DATE})?"
    rf"(?P<more>(?:(?:,|,? (?:and|or)) {_DATE})*)(?:(?P<later>{_LATER})|(?P<earlier>{_EARLIER}))?", re.IGNORECASE,
)  # fmt: skip
# "May" and "March" are other words in small letters, unless "in" or the like stands before them.
_OF_A_MONTH = re.compile(
    rf"\b(?P<within>in|from|of|during|dated) (?:the month of )?{_MONTH_NAME}(?:(?:,|,? (?:and|or)) {_MONTH_NAME})*"
    r"(?!\.? ?\d| of)(?P<pre>(?!))?(?P<post>(?!))?", re.IGNORECASE,
)  # fmt: skip
_WORK = r"(?:paper|work|stud|preprint|article|publication)\w*"
_AFTER_WORK = re.compile(rf"\b{_WORK}\b[^.?!]{{0,60}}$", re.IGNORECASE)
_SOMEONE_WROTE = r"(?:has|have|did) (?-i:[A-Z])[^.?!]{1,50} (?:co-?)?(?:write|written|author(?:ed)?)\b"
_AFTER_PUBLISHED = re.compile(rf"\b(?:publish\b|{_PUBLISHED}|{_SOMEONE_WROTE})[^.?!]{{0,24}}$", re.IGNORECASE)
_BEFORE_WORK = re.compile(rf" {_WORK}\b", re.IGNORECASE)
_BEFORE_TOPIC_AND_WORK = re.compile(rf" (?:[\w-]+ ){{0,2}}{_WORK}\b", re.IGNORECASE)
# "Models trained before 2020" and "a survey held in 2020" say when something else took place.
_AFTER_OTHER_VERB = re.compile(
    r"\b(?!(?:published|authored|appeared|released|dated|submitted|accepted|presented|posted|uploaded|listed|printed|introduced|proposed|announced)\b)"
    r"(?:\w{2,}ed|built|made|held|run|won|known|taken|given|grown|drawn|sold|seen)\W+$", re.IGNORECASE,
)  # fmt: skip
_JOINED = re.compile(
    rf"(?:\b(?:that|which) )?(?:\b(?:is|are|was|were|have|has|been) )*\b{_PUBLISHED} $|, (?:but |and )?$|\bbut $",
    re.IGNORECASE,
)
_SOMEONE_HAS = re.compile(
    r"\b(?:has|have|had) (?!been\b)[^,.;?!]{1,60}$", re.IGNORECASE
)  # "What has Den Lab published in …?"
# What a follow-up asks of another time stands in brackets after the question before it.
_ANOTHER_TIME = re.compile(r" \(([^()“”]{1,60})\)$")
# A year of publication with a name before it: "papers from ICLR 2023", "published in Nature, 2022".
_LOOSE = re.compile(
    rf"(?:\b{_WORK}\b.{{0,60}}\b(?:from|in|of|dated|during)|{_PUBLISHED})\b[^.?!]{{0,24}}?\b(?:19|20)\d{{2}}\b",
    re.IGNORECASE,
)

Day = tuple[int, int, int]  # year, month, day; a day 0 or 32 is the end of the month beside
Days = tuple[Day, Day]  # the first and the last
_EVER: Days = ((0, 0, 0), (9999, 12, 31))


@dataclass(frozen=True, slots=True)
class Time:
    """Any of the `spans` of days, but for those `excluded`; where `months` are given (1 to 12), in one of these."""

    spans: tuple[Days, ...]
    excluded: tuple[Days, ...] = ()
    months: tuple[int, ...] = ()

    @property
    def is_one(self) -> bool:
        """True where one day, month or year is named."""
        return len(self.spans) == 1 and not self.excluded and self.spans[0][0][0] == self.spans[0][1][0]

    @property
    def in_words(self) -> str:
        """Such as "of 2025" or "since October 2025"; "" for several times, and for months of any year."""
        if len(self.spans) > 1 or self.excluded or self.months:
            return ""
        (year, month, _), end = self.spans[0]
        is_open = end == _EVER[1]
        is_whole = month == 1 and (is_open or end[1:] == (12, 31))
        called = str(year) if is_whole else f"{tuple(MONTHS)[month - 1].capitalize()} {year}"
        return f"since {called}" if is_open else f"of {called}" if year == end[0] else ""

    def holds(self, paper: Paper) -> bool:
        """True where all that the paper's date may mean is of this time. A paper that prints no year is of no time, and so of
        none that is excluded."""
        if self.months and not 0 < len(set(months := _months_of(paper.date or ""))) == len({*months} & {*self.months}):
            return False
        if paper.year is None:
            return self.spans == (_EVER,)
        first, last = _days_of(paper.date or "", paper.year)
        return any(start <= first and last <= end for start, end in self.spans) and not any(
            first <= end and start <= last for start, end in self.excluded
        )

    def may_hold(self, year: int) -> bool:
        """False where no paper of the year is of this time."""
        return any(start[0] <= year <= end[0] for start, end in self.spans)


def first_day(paper: Paper) -> Day | None:
    """The first day that the paper's date may mean; None where it prints no year."""
    return None if paper.year is None else _days_of(paper.date or "", paper.year)[0]


def read_time(text: str) -> tuple[Time | None, str]:
    """The time of publication that `text` names, None where it names none, and the text without it."""
    for read in (_read_dates, _read_months):
        if (found := read(text))[0] is not None:
            return found
    dated = with_dates(text, today())
    found = _read_dates(dated) if dated != text else (None, text)
    return found if found[0] is not None else (None, text)


def today() -> date:
    """The day from which "last year" is seen."""
    return date.today()


def _read_months(text: str) -> tuple[Time | None, str]:
    """The time of months of any year: "papers from June"."""
    found = [match for match in _OF_A_MONTH.finditer(text) if _is_of_publication(match) and not _is_quoted(match)]
    months = [month for match in found for month in _months_of(match.group())]
    return (Time((_EVER,), months=tuple(months)), _without(text, found)) if found else (None, text)


def _read_dates(text: str) -> tuple[Time | None, str]:
    text = _MONTH_WITHOUT_YEAR.sub(r"\1 \2", text)
    again = _ANOTHER_TIME.search(text)
    other = again and _TIME.search(again[1])
    found = [match for match in _TIME.finditer(text) if _is_of_publication(match)]
    if again and other:
        text, found = text[: again.start()], [match for match in found if match.end() <= again.start()]
    rest = _without(text, found)
    times = [other] if other else found
    if times:
        return _time_of(times), rest
    if _LOOSE.search(text) and not any(match["within"] or _is_bound(match) for match in _TIME.finditer(text)):
        return Time(tuple(_days_of(date) for date in _EACH_DATE.findall(text)) or (_EVER,)), _EACH_DATE.sub(
            "", text
        ).strip()
    return None, text


def _is_quoted(match: re.Match[str]) -> bool:
    """True inside of quotation marks, as in a title."""
    before = match.string[: match.start()]
    return before.count("“") > before.count("”") or before.count('"') % 2 == 1


def _is_bound(match: re.Match[str]) -> bool:
    return any(match[name] for name in ("no", "before", "after", "until", "since", "between", "pre", "post"))


def _is_of_publication(match: re.Match[str]) -> bool:
    text = match.string
    before = text[max(0, match.start() - 80) : match.start()]
    if _AFTER_OTHER_VERB.search(before):
        return False
    if match["pre"] or match["post"]:
        return bool(_BEFORE_TOPIC_AND_WORK.match(text, match.end()))
    if _AFTER_PUBLISHED.search(before) or _BEFORE_WORK.match(text, match.end()):
        return True
    return bool((match["within"] or _is_bound(match)) and _AFTER_WORK.search(before))


def _time_of(matches: list[re.Match[str]]) -> Time:
    """What several words for times say together: "after 2020 and before 2023", "from 2021 or 2023", "not from 2024"."""
    chosen: list[Days] = []
    bounds: list[Days] = [_EVER]
    excluded: list[Days] = []
    for match in matches:
        spans = list(_spans_of(match))
        is_open = spans[0][0] == _EVER[0] or spans[0][1] == _EVER[1]
        (excluded if match["no"] else bounds if is_open else chosen).extend(spans)
    first, last = max(start for start, _ in bounds), min(end for _, end in bounds)
    if first > last:  # "before 2020 and after 2022"
        return Time((*chosen, *bounds[1:]), tuple(excluded))
    within = [(max(first, start), min(last, end)) for start, end in chosen] or [(first, last)]
    return Time(tuple(span for span in within if span[0] <= span[1]), tuple(excluded))


def _spans_of(match: re.Match[str]) -> Iterator[Days]:
    dates = [_days_of(date) for date in _EACH_DATE.findall(match.group())]
    (start, end), later = dates[0], dates[-1][1]
    day_before, day_after = (*start[:2], start[2] - 1), (*end[:2], end[2] + 1)
    count = match["count"] and number(match["count"])
    if match["before"] or match["pre"]:
        yield ((start[0] - count, *start[1:]) if count else _EVER[0]), day_before
    elif match["after"] or match["post"]:
        yield day_after, ((end[0] + count, *end[1:]) if count else _EVER[1])
    elif match["until"] or match["by"] or match["earlier"]:
        yield _EVER[0], end
    elif match["to"]:
        yield start, later
    elif match["since"] or match["later"]:
        yield start, _EVER[1]
    else:
        yield from dates


@lru_cache(maxsize=4096)  # a library prints few dates, each of them often
def _days_of(date: str, year: int | None = None) -> Days:
    """The first and last day that a date may mean: all of a month or year of which it names no day. It names a year, or that is
    given."""
    year = year or int(_YEAR.findall(date)[0])
    months = _months_of(date)
    days = [int(next(filter(None, found))) for found in _DAY.findall(date)]
    if not months:
        return (year, 1, 1), (year, 12, 31)
    one_day = days[0] if len(days) == len(months) == 1 else 0
    return (year, min(months), one_day or 1), (year, max(months), one_day or 31)


def _months_of(date: str) -> list[int]:
    """The months, from 1 on, that a date names."""
    every = list(MONTHS.values())
    return [
        every.index(name.lower()) + 1 if name else int(after or before) for name, after, before in _MONTH.findall(date)
    ]


def _without(text: str, matches: list[re.Match[str]]) -> str:
    """The text without times, and the words that join them to it: "papers that were published before 2020" -> "papers"."""
    for match in reversed(matches):
        start = match.start()
        joined = _JOINED.search(text, max(0, start - 60), start)
        if joined and not _SOMEONE_HAS.search(text, max(0, start - 80), joined.start()):
            start = joined.start()
        text = f"{text[:start].rstrip()} {text[match.end() :].lstrip()}"
    return re.sub(r" (?=[,.;:?!)])", "", text).strip() if matches else text
