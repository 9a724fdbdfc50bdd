"""What a claim and a sentence have in common as wording: words in their order, names, and covered idf mass.

A `Reading` is a text read once; the claim checks compare readings. Everything is linear in the length of the texts.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from assistant.citations.synonyms import SYNONYMS
from assistant.quantities import Quantity, quantities
from assistant.terms import STOP_WORDS, fold, stem

_TOKEN = re.compile(r"[^\W_]+(?:['’](?:t|s|re|ve|ll|d|m)\b)?(?:\.\d+)*")
_CHUNK = re.compile(r"[^\W_]+(?:[-+./&@'’][^\W_]+)*\+*")
_BREAK = re.compile(r"[;:()\[\]]|,(?!\d{3})|[.!?](?:\s|$)|—|--|\s-\s")
_CLAUSE_WORDS = frozenset("but while whereas although though because since however thereby so and or yet".split())
_DEFINED = re.compile(r"\(([A-Z][\w-]{0,8}[A-Z])s?\)")
# A letter that is a name, as in "group A": an article stands before a capital there, in a title, and "J. Smith" is another's.
_LETTER = re.compile(r"(?<=[a-z] )[A-HJ-Z](?![^\W_]|['’]|\.\s*\w)(?! [A-Z])")
_HALVES = re.compile("[\ud800-\udfff]")
_LONGEST_JOIN = 4
_LONG_NAME = 8  # letters
_ABILITY = re.compile(r"bil$")  # stability is "stabil", stable "stabl"

# Words that report, or name what every paper has: they may be put in or changed without changing what is claimed.
_FRAME = frozenset(
    stem(word)
    for word in """propose introduce present show demonstrate find report study describe note state suggest indicate reveal
    observe conclude argue develop design offer provide give achieve reach attain obtain yield deliver use utilize employ
    leverage exploit adopt apply make allow enable let help method approach technique framework algorithm strategy model
    system result work research finding experiment evaluation paper author evidence new novel specifically namely called
    named known overall respectively way order well good able also thus therefore hence include including contain consist
    comprise base compared comparison relative various several multiple many different number amount set total require need
    very highly quite significantly substantially considerably remarkably notably roughly about approximately nearly almost
    come become remain say mean own part case type kind form thing across via among like such even still just based
    say sentence evaluate test examine investigate analyze explore combine cover take get keep see do
    made gave given took taken got gotten kept seen saw done did doing shown found came became
    another addition note caveat moreover likewise similarly meanwhile especially particularly particular stress""".split()
)
_MONTHS = frozenset("january february april june july august september october november december".split())
_COMMON_ACRONYMS = frozenset("ai ml nlp llm llms lm lms".split())


class Word(NamedTuple):
    """A word of a text: `lower` folded, its `stem`, its number `at` among the words, its `clause`, and what stands around."""

    lower: str
    stem: str
    at: int
    clause: int
    is_content: bool
    start: int

    @property
    def sense(self) -> str:
        """The stem, or the group of synonyms that it belongs to."""
        return sense_of(self.stem)


def sense_of(stem: str) -> str:
    """A stem, or the group of synonyms that it belongs to."""
    return f"~{SYNONYMS[stem]}" if stem in SYNONYMS else stem


@dataclass(frozen=True)
class Reading:
    """A text read once."""

    text: str
    folded: str
    words: tuple[Word, ...]

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities, those in names too; read when first wanted, for most sentences are only searched for words."""
        return tuple(quantities(self.text, in_names=True))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all words, stop words too."""
        return frozenset(word.stem for word in self.words)

    @cached_property
    def senses(self) -> frozenset[str]:
        """The stems of all words, or the groups of synonyms that they belong to."""
        return frozenset(word.sense for word in self.words)

    @cached_property
    def lowers(self) -> frozenset[str]:
        """All words as they stand, in lower case."""
        return frozenset(word.lower for word in self.words)

    @cached_property
    def joins(self) -> frozenset[str]:
        """Up to four neighbouring words written as one, so that "S 2 FT", "Llama 3" and "pre-trained" match any spelling."""
        lowers = [word.lower for word in self.words]
        return frozenset(
            "".join(lowers[i : i + n]) for n in range(1, _LONGEST_JOIN + 1) for i in range(len(lowers) - n + 1)
        )

    @cached_property
    def synonyms(self) -> frozenset[int]:
        """The groups of synonyms that occur."""
        return frozenset(SYNONYMS[s] for s in self.stems if s in SYNONYMS)

    @cached_property
    def starts(self) -> dict[str, list[str]]:
        """Stems by their first five letters: "generalis" and "generaliz" are one word to a reader."""
        found: dict[str, list[str]] = {}
        for s in self.stems:
            if len(s) >= 5:
                found.setdefault(s[:5], []).append(s)
        return found

    @cached_property
    def initials(self) -> str:
        """The first letters of the words, for acronyms; with and without stop words, parted by a space."""
        content = "".join(word.lower[0] for word in self.words if word.is_content)
        return "".join(word.lower[0] for word in self.words) + " " + content

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """Words of capitals, in lower case without a plural s."""
        return frozenset(m[1].lower() for m in re.finditer(r"(?<![^\W_])([A-Z]{2,7})s?(?![^\W_])", self.folded))

    @cached_property
    def definitions(self) -> dict[str, frozenset[str]]:
        """What acronyms stand for, as stems: "Prior-Data Fitted Networks (PFNs)" -> pfn: prior, data, fit, network."""
        found: dict[str, frozenset[str]] = {}
        for match in _DEFINED.finditer(self.folded):
            acronym = match[1].lower()
            before = [word for word in self.words if match.start() - 100 < word.start < match.start()][
                -len(acronym) - 3 :
            ]
            first = next((i for i, word in enumerate(before) if word.lower[0] == acronym[0]), None)
            if first is not None:
                found[acronym] = frozenset(word.stem for word in before[first:])
        return found


@lru_cache(maxsize=2048)
def read(text: str) -> Reading:
    """`text` as a Reading. Never raises."""
    text, folded = _folded(text)
    breaks = [match.start() for match in _BREAK.finditer(folded)]
    letters = {match.start() for match in _LETTER.finditer(folded)}
    words: list[Word] = []
    clause, next_break = 0, 0
    for match in _TOKEN.finditer(folded):
        while next_break < len(breaks) and breaks[next_break] < match.start():
            next_break, clause = next_break + 1, clause + 1
        lower = _lower(match.group())
        clause += lower in _CLAUSE_WORDS
        content = lower not in STOP_WORDS and (len(lower) > 1 or lower.isdigit()) or match.start() in letters
        words.append(Word(lower, stem(lower)[:60], len(words), clause, content, match.start()))
    return Reading(text, folded, tuple(words))


@lru_cache(maxsize=8192)
def stems_of(text: str) -> frozenset[str]:
    """The same as `read(text).stems`, for sentences that are only ranked."""
    return frozenset(stem(_lower(token))[:60] for token in _TOKEN.findall(_folded(text)[1]))


def _folded(text: str) -> tuple[str, str]:
    """`text` without halves of characters, which the stemmer cannot encode, and the same folded."""
    text = _HALVES.sub("\ufffd", text)
    return text, fold(text)


def _lower(token: str) -> str:
    """A token in lower case without a genitive; months as listings print them ("Apr 29")."""
    lower = token.lower()
    if lower.endswith(("'s", "’s")):
        lower = lower[:-2]
    return lower[:3] if lower in _MONTHS or token == "March" else lower.replace("’", "'")


def is_frame(word: Word) -> bool:
    """True for a word that carries no claim of its own."""
    return not word.is_content or word.stem in _FRAME


def missing_name(claim: Reading, source: Reading) -> str | None:
    """The first name or acronym of `claim` that `source` (cited sentences, their passages and records) does not hold."""
    counted = {at for quantity in quantities(claim.folded) for at in range(quantity.start, quantity.end)}
    for match in _CHUNK.finditer(claim.folded):
        chunk = match.group()
        if match.start() in counted or not re.search(r"[^\W\d_]@\d|\dx\d", chunk) and chunk.islower():
            continue
        inside, before = _is_mid_sentence(claim.folded, match.start()), ""
        for token in _TOKEN.finditer(chunk):
            part = re.sub(r"['’]s$", "", token.group())
            if not before and re.sub(r"[\W_]", "", chunk).lower() in source.joins:
                break  # "XLM-R" for "XLMR"
            if is_name(part, inside or bool(before)) and not _holds_name(part, before, source):
                return chunk
            before = part
    return None


def _is_mid_sentence(text: str, start: int) -> bool:
    """True where a capital letter is no matter of beginning a sentence."""
    return bool(re.search(r"(?:[a-z0-9,],?\s|\()$", text[max(0, start - 3) : start]))


def is_name(part: str, capital_counts: bool) -> bool:
    """True for a word that is written as names are; a single capital tells only where it does not begin a sentence."""
    capitals = sum(letter.isupper() for letter in part)
    mixed = any(letter.isdigit() for letter in part) and (any(letter.isalpha() for letter in part) or capital_counts)
    return capitals > 1 or mixed or (capital_counts and capitals == 1 and len(part) > 2)


def _holds_name(part: str, before: str, source: Reading) -> bool:
    lower = part.lower()
    if lower in _MONTHS or part == "March":
        return lower[:3] in source.lowers
    singular = lower[:-1] if len(lower) > 3 and lower.endswith("s") else lower
    if part[0].isdigit() and before:
        return before.lower() + lower in source.joins or (any(map(str.isalpha, part)) and lower in source.joins)
    if part.isdigit():
        return True  # a number by itself is no name
    if {lower, singular, lower + "s"} & source.joins or stem(lower) in source.stems or lower in _COMMON_ACRONYMS:
        return True
    if len(lower) >= _LONG_NAME and any(_is_misspelt(lower, other) for other in source.lowers):
        return True
    letters = singular if part.endswith("s") else lower
    return part[:2].isupper() and letters.isalpha() and 2 <= len(letters) <= 7 and letters in source.initials


def _is_misspelt(name: str, other: str) -> bool:
    """True for long words that differ by one letter put in, left out or changed: papers misspell names, and models mend them."""
    if name[:3] != other[:3] or abs(len(name) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))
    rests = (
        (name[start + 1 :], other[start:]),
        (name[start:], other[start + 1 :]),
        (name[start + 1 :], other[start + 1 :]),
    )
    return any(a == b for a, b in rests)


def alike(first: str, second: str) -> bool:
    """True for stems that share all but their endings: seven in ten letters, as in "generaliz" and "generalis"."""
    first, second = (_ABILITY.sub("bl", s) for s in (first, second))
    longest = max(len(first), len(second))
    same = next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    return same >= 0.7 * longest
