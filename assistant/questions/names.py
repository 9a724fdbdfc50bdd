"""Names in a question: of methods, models and papers; which of them one paper must hold together; and titles."""

import re
from collections.abc import Sequence

from assistant.questions.spelling import in_small_letters
from assistant.records import Paper, normalised
from assistant.terms import fold, is_spelt_out, squeezed, term_set

# Words that name something: with a capital inside or beside a digit (DoRA, CodeT5), or a capital in mid-sentence (Bulgarian,
# Box-Cox).
NAME = re.compile(r"\b[A-Za-z]+(?=[A-Z0-9])[\w-]*[A-Za-z0-9]|(?<=[a-z,] )[A-Z][a-z]+(?:-[A-Z][a-z]+)*\b")
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
_TELLING_TITLE = 3  # words
_SEVERAL_WORDS, _MOST_WORDS = 3, 2 / 3  # of what a paper is called
_TELLING_LETTERS = 4  # of a name that may be spelt in several words: "ETBench"
_CAPITALS = re.compile(r"[A-Z]{3,}")
_PARTS_OF_WORDS, _DIGITS = re.compile(r"[^\W_]+"), "0123456789"
_INTRODUCE = "propos|introduc|present|develop|describ|releas|design|buil|call|nam|dub|term|coin"
# "We propose a light one, HFT", but not "a variant of LoRA" and "HFT as against LoRA".
_PLAIN_WORD = (
    r"(?!(?:against|and|as|by|for|from|in|like|of|on|or|over|than|to|unlike|upon|using|with)\b)(?-i:[a-z][a-z-]*)"
)
_INTRODUCES = (
    r"(?:(?:propos|introduc|releas)es?|(?:present|develop|design|build)s?|describes?"
    r"|(?:call|nam|dubb|term|coin)(?:ed|e|es|s|ing)?)"
)
_ENDS_NAME = r"(?=\W*$|[),.;:]| [-–—]|\s(?:an?|and|as|by|for|in|is|on|that|the|to|which|with)\b)"
_OF_OTHERS = r"(?:against|as|by|for|from|in|like|of|on|over|than|to|unlike|upon|using|with)"
_AROUND_WORDS = "\"“”‘’'(),;:!?"
_BETWEEN_LETTERS = re.compile(r"[^\w+*#]|_")
_DIGIT = re.compile(r"[\d²³¹⁰⁴-⁹₀-₉]")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"")
# Its capitals name nothing by themselves.
QUOTED_TITLE = re.compile(r"“[^”\s]*(?:\s[^”\s]*){2,}”|\"[^\"\s]*(?:\s[^\"\s]*){2,}\"")


def names_in(text: str) -> tuple[str, ...]:
    """The words that name something. Where nearly every longer word has a capital, as in a title, that alone names nothing."""
    found = dict.fromkeys(NAME.findall(fold(text)))
    words = _LONGER_WORD.findall(text)[1:]
    capitals = sum(word[0].isupper() for word in words)
    if capitals >= _TITLE_CAPITALS and capitals >= _TITLE_SHARE * len(words):
        return tuple(name for name in found if not name.istitle())
    return tuple(found)


def together(text: str, names: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], bool, tuple[str, ...]]:
    """The sets of names each of which one paper must hold, whether some names stand side by side, and words that do so with
    nothing but a capital, and stay together in the sets."""
    sets: list[tuple[str, ...]] = []
    words: list[str] = []
    is_side_by_side = False
    for clause in _NEXT_QUESTION.split(fold(text)):
        found = [match for match in NAME.finditer(clause) if match[0] in names]
        beside = _side_by_side(clause, found)
        if all(map(str.istitle, beside)):  # languages and places side by side are rarely what a paper is about each
            words += beside
            beside = {}
        rest = tuple(match[0] for match in found if match[0] not in beside)
        sets.extend([(name, *rest) for name in beside] or [rest])
        is_side_by_side |= bool(beside)
    return tuple(filter(None, dict.fromkeys(sets))), is_side_by_side, tuple(words)


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
    return dict.fromkeys(name[0] for name in beside)


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


def is_called(paper: Paper, name: str) -> bool:
    """True where a paper may be called "the … paper" by `name`: its title, its file, its record or, of a coined name, what its
    abstract introduces holds all its words; two thirds of three or more. CLIP is no clip."""
    printed = " ".join((paper.title, *paper.authors, paper.organisation or "", paper.venue or "", *paper.sources))
    words, held = term_set(name), term_set(f"{printed} {normalised(fold(printed))} {paper.year or ''}")
    is_held = bool(words) and len(words & held) >= (
        len(words) if len(words) < _SEVERAL_WORDS else _MOST_WORDS * len(words)
    )
    is_there = is_held or stands_in(name, printed)
    if is_there and not _is_small_word(name, printed):
        return True
    return is_spelt_out(name, paper.title) or (is_coined(name) and _introduces(name, paper.abstract))


def is_named(paper: Paper, name: str) -> bool:
    """True where `name` is what the paper itself is called, or what its abstract introduces: of "Improving CLIP Training", and of
    "the recently introduced BERT", it is not."""
    said = re.escape(fold(name))
    title = rf"\W*{said}(?:[-\s]?\d[\w.-]*)?\s*(?::|$|[–—]| - |\(|(?:technical|system) report)"
    before = rf"\b{_INTRODUCES} \W?(?:(?!{{}}\b)[\w-]+[ ,(“\"'‘]{{{{1,3}}}}){{{{0,8}}}}"
    named = before.format(_OF_OTHERS) + rf"{said}{_ENDS_NAME}"
    shortened = before.format("(?:of|over|than|using|with)") + rf"(?<=\(){said}\)"  # "a network for dams (DenNet)"
    if is_titled(paper, name) or re.match(title, fold(paper.title), re.IGNORECASE) or holds_title(name, paper):
        return True
    return bool(re.search(f"{named}|{shortened}", fold(paper.abstract), re.IGNORECASE))


def _is_small_word(name: str, text: str) -> bool:
    """True where the text has the letters of a name in capitals as a word alone: "clips" for CLIP."""
    found = re.findall(rf"\b{name}s?\b", text, re.IGNORECASE) if _CAPITALS.fullmatch(name) else []
    return bool(found) and all(word.islower() or (word.istitle() and word.endswith("s")) for word in found)


def stands_in(name: str, text: str) -> bool:
    """True where some words of the text, one after another, make the name, whatever its version: "E.T. Bench" is "ETBench", and
    Qwen2 a Qwen, but BioBERT is no BERT."""
    whole = squeezed(name)
    if len(whole) < _TELLING_LETTERS:
        return False
    words = _PARTS_OF_WORDS.findall(fold(text).casefold())
    return any(
        whole in (made := "".join(words[at:end]), made.rstrip(_DIGITS))
        for at, word in enumerate(words)
        if whole.startswith(word.rstrip(_DIGITS))
        for end in range(at + 1, min(at + len(whole), len(words)) + 1)
    )


def _introduces(name: str, text: str) -> bool:
    """True for "we propose HFT" and "half fine-tuning (HFT)"."""
    name = re.escape(fold(name))
    said = rf"\b(?:{_INTRODUCE})\w* \W?(?:{_PLAIN_WORD}\W{{1,3}}){{0,6}}{name}(?!\w)|\({name}\)"
    return bool(re.search(said, fold(text), re.IGNORECASE))


def holds_title(text: str, paper: Paper) -> bool:
    """True where the paper's title, or that up to its colon, stands in `text`, whatever the case and quotes: one of so many words
    that they say nothing else."""
    words = f" {normalised(text)} "
    titles = (normalised(title) for title in (paper.title, paper.title.split(":")[0]))
    return any(len(title.split()) >= _TELLING_TITLE and f" {title} " in words for title in titles)


def is_name(text: str) -> bool:
    """True for one word that names something by its spelling alone: in capitals, or coined ("BERT", "FedSyn", "S2FT")."""
    return " " not in text and bool(_CAPITALS.fullmatch(text) or (text and is_coined(text)))


def is_coined(name: str) -> bool:
    """True for what is no common word, whatever its case: with a digit, capitals among small letters, or no vowel ("HFT")."""
    rest = name[1:]
    is_mixed = rest.lower() != rest != rest.upper()
    has_no_vowel = name.isalpha() and name.isascii() and not _VOWEL.search(name)
    return is_mixed or bool(_DIGIT.search(name)) or has_no_vowel


def _letters_of(name: str) -> str:
    """What all spellings of a name share, its plus too, which `terms.squeezed` drops: "LoRA+" is another one than "LoRA"."""
    return _BETWEEN_LETTERS.sub("", fold(name)).casefold()
