"""What a question asks for, read from its words: its terms, its names, and the kind of answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.asking import (
    asks_for_papers,
    counts_papers,
    in_small_letters,
    is_about_library,
    is_small_talk,
    topic_of,
    wants_writing,
    without_typing_errors,
)
from assistant.errors import QuestionError
from assistant.metadata import asked_metadata
from assistant.records import Paper, one_line
from assistant.terms import MONTHS, fold, terms

MAX_CHARACTERS = 4000  # far above any question; a pasted document is a mistake worth a message

_LIST = re.compile(
    r"\b(?:which|what) (?:\w+ ){0,2}?"
    r"(?:papers|works|studies|methods|approaches|techniques|models|datasets|benchmarks|algorithms)\b"
    r"|\b(?:list|name|enumerate)\b|\bwhich of the papers\b|\ball (?:the )?(?:papers|methods|ways)\b",
    re.IGNORECASE,
)
# "many different cues" and "both speed and accuracy" compare nothing, and "versus" only where it stands between two things
# that the question names.
_COMPARISON = re.compile(
    r"\b(?:compare|comparison (?:of|between)|differences? (?:\w+ ){0,4}?between|what (?:differs|distinguishes))\b"
    r"|^\W*(?:how|why|where|do|does|did|in (?:what|which) \w+)\b.*\bdiffer\b"
    r"(?=\W*$| (?:in|on|across|as|from|when|with|versus|for|between)\b)"
    r"|^\W*how (?:much )?different (?:is|are)\b|\bdifferent (?:from|than)\b|\bhow (?:is|are) .*\bdifferent\W*$"
    r"|^\W*[\w-]+(?: [\w-]+)? (?:versus|vs)\b",
    re.IGNORECASE,
)
_OPPOSING = re.compile(r"\b(?:compare[ds]?|comparison|differences?|versus|vs|in contrast|unlike)\b", re.IGNORECASE)
_COUNT = re.compile(
    r"\bhow (?:many|much|large|big|long|fast|far|often|high|low|small|accurate)\b|\b(?:what|which) (?:\w+ ){0,3}?"
    r"(?:number|percentage|percent|share|fraction|proportion|size|accuracy|score|rate|speedup|speed-up|factor|amount|"
    r"ratio|gain|improvement|cost|value|f1|bleu)\b|\bby what\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_MONTH_NAME = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_MONTH = re.compile(rf"\b({_MONTH_NAME})\b(?=\.? (?:\d|of\b))", re.IGNORECASE)
_DAY = re.compile(
    rf"\b(?:{_MONTH_NAME})\b\.? (\d{{1,2}})(?:st|nd|rd|th)?\b|\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?:{_MONTH_NAME})\b"
    r"|(?<!\d)(?:19|20)\d\d-\d\d-(\d\d)(?!\d)", re.IGNORECASE,
)  # fmt: skip
# What a printed date says of its month: "Mar 9, 2023", "9 March 2023", "2023-03-09", "2023/03", "03/2023".
_DATED_MONTH = re.compile(
    rf"\b({'|'.join(MONTHS.values())})[a-z]*|(?<!\d)(?:19|20)\d{{2}}[-/.](0?[1-9]|1[0-2])(?!\d)"
    r"|(?<![\d/.-])(0?[1-9]|1[0-2])[-/.](?:19|20)\d{2}(?!\d)", re.IGNORECASE,
)  # fmt: skip
# A year as the time of publication, not as part of a name such as "BEA-2019" or "the 2022 election".
_OF_YEAR = re.compile(
    r"\b(?:(?:paper|work|stud|preprint|article|publication)\w*\b.{0,60}\b(?:from|in|of|dated|during)|published|appear\w*|released|dated)"
    r"\b[^.?!]{0,24}?\b(?:19|20)\d{2}\b|\b(?:19|20)\d{2} (?:paper|work|stud|preprint|article|publication)", re.IGNORECASE,
)  # fmt: skip
_WHATS = re.compile(r"\bwhat\s?s\b", re.IGNORECASE)
_ASKING_VERBS = frozenset(terms("wrote authored find found"))
_PUBLISHING = frozenset(
    terms("published appeared released dated written preprints works studies articles publications listed")
)
# "What is UL2?", "Explain PALBERT", "What does HFT propose?": asks what something is, not for one of its figures.
_DEFINITION = re.compile(
    r"^\W*(?:what(?:['’]?s| is| are)|explain|describe|summari[sz]e|tell me about)\b(?: (?:a|an|the))?(?: [^\s?]+){1,4}\W*$"
    r"|^\W*what (?:does|do) .{1,80}(?:propose|introduce|present|suggest)s?\W*$", re.IGNORECASE,
)  # fmt: skip
# Words that name something: with a capital inside or beside a digit (DoRA, CodeT5), or a capital in mid-sentence (Bulgarian).
NAME = re.compile(r"\b[A-Za-z]+(?=[A-Z0-9])[\w-]*[A-Za-z0-9]|(?<=[a-z,] )[A-Z][a-z]+\b")
# Names side by side: "HFT, LST and PaCA" alone, or as what something is asked of: "How do HFT and LST …?", "Is HFT or LST …?".
# Elsewhere they are parts of one thing: "tuned on GSM8K and MATH", "the fusion of CLIP and DINO".
_BETWEEN_NAMES = re.compile(r"\s*[,;/&]\s*(?:(?:and|or) )?|,?\s(?:and|or|vs\.?|versus)\s", re.IGNORECASE)
_ASKED_OF = re.compile(
    r"(?:^|\s)(?:is|are|was|were|do|does|did|has|have|can|could|should|will|would|about|between|compare|explain|describe|"
    r"summari[sz]e)\s$", re.IGNORECASE,
)  # fmt: skip
_BEGINS, _ENDS = re.compile(r"^\W*$"), re.compile(r"\W*$|\s?[:,]\s")
_CHOICE_BEGINS, _CHOICE = re.compile(r"[,:]\s$"), re.compile(r"\sor\s", re.IGNORECASE)  # "Which is newer, HFT or LST?"
_AGAINST = re.compile(r"(?:(?<!rather )(?<!other )\bthan|\bas \w+ as)\s$", re.IGNORECASE)
_REACH = 40  # characters before a name that tell what it is beside
# Two questions in one: "What is X, and does Y …?"; the second may not lean on the first.
_NEXT_QUESTION = re.compile(
    r"(?:\?\s(?:and\s|but\s)?|,?\s(?:and|but)\s)(?=(?:what|how|why|which|who|where|is|are|do|does|did|can)\s)"
    r"(?!.*\b(?:it|its|they|them|their|this|that|these|those|there|both|authors?|the (?:same|paper|method|model|approach))\b)",
    re.IGNORECASE,
)
_LONGER_WORD = re.compile(r"\b[A-Za-z][a-z]{3,}\b")
_TITLE_CAPITALS, _TITLE_SHARE = 3, 0.75
_AROUND_WORDS = "\"“”‘’'(),;:!?"
_BETWEEN_LETTERS = re.compile(r"[^\w+*#]|_")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"")
_QUOTED_TITLE = re.compile(
    r"“[^”\s]*(?:\s[^”\s]*){2,}”|\"[^\"\s]*(?:\s[^\"\s]*){2,}\""
)  # its capitals name nothing by themselves


@dataclass(frozen=True, slots=True)
class Question:
    """A question that can be searched for: its `text`, what that says of a `topic`, index `terms`, what it expects of an
    answer, and the `names` in it, with those that one paper must hold `together`: all of them, or one set for each of the names
    that stand side by side, and for each of two questions in one.

    `of_year` is true where the `years` (and `months`, three letters each, and `days`) are those of publication. `small_talk` asks
    nothing of papers; `about_library` asks about the library as a whole, which no passage answers; `counts_papers` asks how
    many of its papers are about something; `wants_writing` asks for a program, a poem or a letter to be written.
    """

    text: str
    topic: str
    terms: tuple[str, ...]
    wants_list: bool = False
    wants_comparison: bool = False
    wants_number: bool = False
    wants_date: bool = False
    wants_people: bool = False
    wants_author_count: bool = False
    wants_comments: bool = False
    years: tuple[int, ...] = ()
    months: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    of_year: bool = False
    names: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    small_talk: bool = False
    about_library: bool = False
    counts_papers: bool = False
    wants_writing: bool = False
    wants_definition: bool = False

    @property
    def about_metadata(self) -> bool:
        """True where only the printed metadata can answer."""
        return (
            self.wants_date or self.wants_people or self.wants_author_count or self.wants_comments or self.wants_records
        )

    @property
    def wants_records(self) -> bool:
        """True where papers of a time are asked for, whatever their topic."""
        return self.of_year and not self.undated

    @property
    def undated(self) -> tuple[str, ...]:
        """The terms without those of the time of publication."""
        if not self.of_year:
            return self.terms
        dated = {*map(str, (*self.years, *self.days)), *(month.lower() for month in self.months)} | _PUBLISHING
        return tuple(term for term in self.terms if term not in dated)

    @property
    def sought(self) -> tuple[str, ...]:
        """The terms to search for: a time of publication is looked up, where a topic is left, as a year in a text says
        something else."""
        return self.undated or self.terms

    def is_of_day(self, paper: Paper) -> bool:
        """True where the paper's printed date names one of the `months` and one of the `days`, of those that are asked for."""
        printed = paper.date or ""
        return (not self.months or not _months_of(printed).isdisjoint(self.months)) and (
            not self.days or not set(_days_of(printed)).isdisjoint(self.days)
        )

    def is_of_time(self, paper: Paper) -> bool:
        """True where the paper is printed with one of the `years`, and of the `months` and `days` where there are any."""
        return paper.year in self.years and self.is_of_day(paper)


def read_question(text: str) -> Question:
    """Reads a question. Raises QuestionError where it is empty, too long, or holds nothing that could be searched for."""
    if not isinstance(text, str):
        raise QuestionError(f"a question is text, not {type(text).__name__}")
    cleaned = one_line(text)
    if not cleaned:
        raise QuestionError("the question is empty; ask something about the papers")
    if len(cleaned) > MAX_CHARACTERS:
        raise QuestionError(
            f"the question has {len(cleaned):,} characters; ask in at most {MAX_CHARACTERS:,}, or add the text as a paper"
        )
    said = without_typing_errors(in_small_letters(cleaned))
    topic, is_counting = topic_of(said), counts_papers(said)
    naming = _QUOTED_TITLE.sub(" ", topic)
    names = _names(naming)
    together, is_side_by_side = _together(naming, names)
    compares = bool(_COMPARISON.search(said) or (len(names) > 1 and _OPPOSING.search(said)))
    printed = asked_metadata(said)
    return Question(
        text=cleaned,
        topic=topic,
        terms=_search_terms(said, topic),
        wants_list=bool(_LIST.search(said)) or is_counting or asks_for_papers(said),
        wants_comparison=compares or is_side_by_side,
        wants_number=bool(_COUNT.search(said)) and not is_counting,
        wants_date=printed.date and not _OF_YEAR.search(said),
        wants_people=printed.people,
        wants_author_count=printed.author_count,
        wants_comments=printed.comments,
        years=tuple(int(year) for year in _YEAR.findall(said)),
        months=tuple(month[:3].title() for month in _MONTH.findall(said)),
        days=_days_of(said),
        of_year=bool(_OF_YEAR.search(said)),
        names=names,
        together=() if compares else together,
        small_talk=is_small_talk(said),
        about_library=is_about_library(said),
        counts_papers=is_counting,
        wants_writing=wants_writing(said),
        wants_definition=bool(_DEFINITION.search(said) or _DEFINITION.search(topic)),
    )


def _months_of(date: str) -> set[str]:
    """The months of a printed date, three letters each: "2023-03-09" -> {"Mar"}."""
    every = [month.title() for month in MONTHS.values()]
    return {name.title() or every[int(after or before) - 1] for name, after, before in _DATED_MONTH.findall(date)}


def _days_of(text: str) -> tuple[int, ...]:
    """The days of the dates in a text: "Mar 9, 2023" and "2023-03-09" -> (9,)."""
    return tuple(int(next(filter(None, found))) for found in _DAY.findall(text))


def _names(text: str) -> tuple[str, ...]:
    """The words that name something. Where nearly every longer word has a capital, as in a title, that alone names nothing."""
    found = dict.fromkeys(NAME.findall(fold(text)))
    words = _LONGER_WORD.findall(text)[1:]
    capitals = sum(word[0].isupper() for word in words)
    if capitals >= _TITLE_CAPITALS and capitals >= _TITLE_SHARE * len(words):
        return tuple(name for name in found if not name.istitle())
    return tuple(found)


def _together(text: str, names: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """The sets of names each of which one paper must hold, and whether some names stand side by side."""
    sets: list[tuple[str, ...]] = []
    is_side_by_side = False
    for clause in _NEXT_QUESTION.split(fold(text)):
        found = [match for match in NAME.finditer(clause) if match[0] in names]
        beside = _side_by_side(clause, found)
        rest = tuple(match[0] for match in found if match[0] not in beside)
        sets.extend([(name, *rest) for name in beside] or [rest])
        is_side_by_side |= bool(beside)
    return tuple(filter(None, dict.fromkeys(sets))), is_side_by_side


def _side_by_side(clause: str, found: Sequence[re.Match[str]]) -> dict[str, None]:
    """Those of the names found that stand side by side: "HFT, LST and PaCA", and "NOLA" and "Compacter" where one is said to be
    smaller than the other."""
    runs: list[list[re.Match[str]]] = []
    for name in found:
        if runs and _BETWEEN_NAMES.fullmatch(clause, runs[-1][-1].end(), name.start()):
            runs[-1].append(name)
        else:
            runs.append([name])
    beside: list[re.Match[str]] = []
    for place, run in enumerate(runs):
        before, after = clause[max(0, run[0].start() - _REACH) : run[0].start()], run[-1].end()
        if place and _AGAINST.search(before):
            beside += [*runs[place - 1], *run]
        elif len(run) > 1 and (
            _ASKED_OF.search(before)
            or (_BEGINS.search(before) and _ENDS.match(clause, after))
            or (_CHOICE_BEGINS.search(before) and _CHOICE.search(clause, run[0].start(), after))
        ):
            beside += run
    # Languages and places side by side ("Do Greek and Spanish …?") are rarely what a paper is about each.
    return dict.fromkeys(name[0] for name in beside if not all(one[0].istitle() for one in beside))


def _search_terms(text: str, topic: str) -> tuple[str, ...]:
    """The terms that say what the question is about; all of them where nothing else is left."""
    every = tuple(dict.fromkeys(terms(text)))
    wanted = dict.fromkeys(terms(_WHATS.sub(" ", topic)))
    return tuple(term for term in wanted if term not in _ASKING_VERBS) or every


def possible_titles(text: str) -> list[str]:
    """Every run of one to four words: one may be a paper's short name ("CorDA" of "CorDA: Context-Oriented …"); and all that
    stands in quotes."""
    text = in_small_letters(text)
    words = [word.strip(_AROUND_WORDS) for word in text.rstrip(_AROUND_WORDS + ".").split()]
    runs = (
        " ".join(words[start : start + length]) for length in range(1, 5) for start in range(len(words) - length + 1)
    )
    quoted = (one or other for one, other in _QUOTED.findall(text))
    return list(dict.fromkeys(run for run in (*runs, *quoted) if len(run) > 1))


def is_titled(paper: Paper, name: str) -> bool:
    """True where `name` is the paper's title, or that up to its colon, "S2FT" of "S^{2}FT: …" too. A name that is a common
    word ("POINTS") must have its case."""
    short = paper.title.split(":")[0].strip()
    return name in (short, paper.title) or (is_coined(short) and _letters_of(short) == _letters_of(name) != "")


def is_coined(name: str) -> bool:
    """True for what is no common word, whatever its case: with a digit, capitals among small letters, or no vowel ("HFT")."""
    is_mixed = any(sign.isupper() for sign in name[1:]) and any(sign.islower() for sign in name)
    return (
        is_mixed
        or any(sign.isdigit() for sign in name)
        or (name.isalpha() and name.isascii() and not _VOWEL.search(name))
    )


def _letters_of(name: str) -> str:
    """What all spellings of a name share, its plus too, which `terms.squeezed` drops: "LoRA+" is another one than "LoRA"."""
    return _BETWEEN_LETTERS.sub("", fold(name)).casefold()
