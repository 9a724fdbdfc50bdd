"""What kind of answer a question expects, held against the papers that would be quoted.

Retrieval cannot tell a near miss: the topic is there, only the number, the licence or the other method asked for is not. But a
question often says what its answer must hold: all the names that it joins, a number of the things that it counts, a sum of money,
a quantity in the unit that it names, or a word for what it asks after. Where the passages found hold none of that, quoting
them would answer another question. Every rule asks for less than a right answer holds, so that a doubt keeps the answer.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from assistant.quantities import quantities
from assistant.questions.metadata import asked_now
from assistant.questions.names import is_titled
from assistant.questions.numbered import parts_asked
from assistant.questions.places import is_of_place, is_placed
from assistant.questions.reading import Question
from assistant.records import Paper, Passage, quoted
from assistant.terms import MONTHS, STOP_WORDS, fold, is_spelt_out, squeezed, stem, term_set

_COUNTED = re.compile(
    r"\b(?:how many(?! times (?:\w+er|more|less|as)\b)|(?:the |what |which )?number of)\s+((?:[\w'’-]+\s*){1,4})",
    re.IGNORECASE,
)
_IN_UNIT = re.compile(r"\bin (?:us |u\.s\. )?([a-z]+)\b(?!-)", re.IGNORECASE)
_MONEY_WANTED = re.compile(
    r"\bhow much (?:money\b|(?:did|does|do|would|will)\b.*\bcosts?\b)|\bhow expensive\b"
    r"|\bwhat (?:did|does|do|would|was|were|is)\b.*\b(?:cost|price|paid)\b", re.IGNORECASE,
)  # fmt: skip
_MONEY = re.compile(r"[$€£¥]\s?\d|\b(?:dollars?|usd|euros?|eur|pounds|yuan|rmb|cents?)\b", re.IGNORECASE)
# "By what share is it better?" may be answered by a factor.
_PERCENT_WANTED = re.compile(
    r"(?<!\bby )\b(?:what|which) (?:percentage|percent|share|fraction|proportion)\b", re.IGNORECASE
)
_PERCENT = re.compile(
    r"%|\bper ?cent|\b(?:half|halve|halving|third|quarter|fifth|tenth|majority)\b|\d/\d"
    r"|\b(?:one|two|three|four|\d+) (?:out of|of) (?:the )?(?:\w+ )?(?:\d|two|three|four|five|ten)", re.IGNORECASE,
)  # fmt: skip
_REACH = 30  # characters around a name in which others stand that are joined with it
_SHORTEST_NAME = 3  # "v1" and "T5" stand in too many spellings
_WORD = re.compile(r"[^\W_]+")
_PARTICIPLES = frozenset("found made taken given shown spent held known kept run".split())
# "How many calls per job", "how many dens come with"
_AFTER_COUNTED = frozenset("per come make take need get go exist".split())
# Who asks for people is answered by "86 participants", and not by "4 user studies".
_ANYONE = frozenset(map(stem, "people person persons individuals humans".split()))
_PERSONS = frozenset(
    """people person persons individuals humans participants subjects volunteers respondents interviewees patients annotators
    labellers labelers raters judges evaluators workers crowdworkers users speakers students pupils teachers learners trainees
    players experts professionals practitioners clinicians physicians doctors nurses researchers scientists developers
    engineers programmers employees children adults men women customers consumers readers viewers listeners members citizens
    residents""".split()
)
# Those who take part in a study are called so or so: "How many patients …?" is answered by "1384 subjects". A volunteer is more.
_TAKING_PART = frozenset(map(stem, "patients subjects participants".split()))
_STUDIED = frozenset(
    "patients subjects participants individuals people persons volunteers respondents interviewees".split()
)
_WINDOW = 40  # characters after a number in which the thing counted must follow,
_SET_OFF = re.compile(r";|\s[-–—]{1,3}\s|—")  # and before which it ends: "260B -- the largest Chinese language model"
_ONE_OF_A_UNIT = re.compile(
    r"\ban? (?:second|minute|hour|day|week|month|year|order of magnitude|fraction)\b", re.IGNORECASE
)
# "What do they not evaluate?", "Which tasks doesn't HFT cover?": of a paper, not "What can people not hear?".
_OF_PAPER = (
    r"(?:(?P<it>they|it)|(?:the|this|these) (?:authors?|papers?|stud(?:y|ies)|works?|methods?|models?|approach|survey|benchmark)"
    r"|(?:the )?(?-i:[A-Z])[\w+-]*)"
)
_LEFT_OUT = re.compile(
    r"^\W*(?:(?:and|but|so|then|also)\W+)*(?:what|which(?: [\w-]+){1,3}?)(?: else)? (?:"
    rf"(?:do|does|did|is|are|was|were|has|have|had|can|could) {_OF_PAPER} not"
    rf"|(?:do|does|did|is|are|was|were|has|have|had|ca|could)n['’]t {_OF_PAPER.replace('it>', 'they>')})"
    r"\b(?! only\b)(?P<what>.*)", re.IGNORECASE,
)  # fmt: skip
_NOT = re.compile(
    r"\b(?:not|no|nor|never|none|neither|cannot|without|lacks?|omit\w*|exclud\w*|beyond|leaves?)\b|n['’]t\b", re.I
)
# What is asked of a figure, whatever it shows.
_SHOWING = frozenset(
    map(
        stem,
        "show display depict illustrate describe explain say mean tell give contain plot present see look paper".split(),
    )
)
_NEAR_NOT = 60  # characters after a "not" in which stands what is left out
_COUNTED_AS_ONE = re.compile(r"\b(?:one|single|an?)\s+(?:[\w-]+\s+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Topic:
    """What questions ask after by name, and the words one of which every text about it uses."""

    name: str
    asked: re.Pattern[str]
    said: re.Pattern[str]


def _topic(name: str, asked: str, said: str) -> _Topic:
    return _Topic(name, re.compile(asked, re.IGNORECASE), re.compile(said, re.IGNORECASE))


_LANGUAGES = "|".join(
    """afrikaans albanian amharic arabic armenian basque bengali bulgarian burmese cantonese catalan chinese croatian czech danish
    dutch english estonian farsi finnish french galician georgian german greek gujarati hausa hebrew hindi hungarian icelandic
    igbo indonesian irish italian japanese javanese kannada kazakh khmer korean kurdish lao latin latvian lithuanian macedonian
    malay malayalam maltese mandarin marathi mongolian nepali norwegian pashto persian polish portuguese punjabi quechua romanian
    russian sanskrit serbian sinhala slovak slovenian somali spanish swahili swedish tagalog tamil telugu thai tibetan turkish
    ukrainian urdu uyghur uzbek vietnamese welsh xhosa yoruba zulu haskell java javascript julia lua ocaml python rust
    sql""".split()
)
_TOPICS = (
    _topic("a licence", r"\blicen[cs]\w*", r"\blicen[cs]|\b(?:MIT|Apache|BSD|L?GPL)\b|\bCC[- ]?(?:BY|0)\b|\bcopyright"),
    _topic(
        "funding", r"\bwho (?:funded|sponsored|paid for|financed)\b|\bfund(?:ed|ing|er)\b|\bgrants?\b",
        r"\bfund|\bgrant|\bsponsor|\bsupported (?:in part )?by\b|\bfinanc",
    ),
    _topic(
        "a hospital", r"\b(?:which|what) (?:\w+ )?(?:hospital|clinic)s?\b",
        r"\bhospital|\bclinics?\b|\bmedical (?:cent|school)|\binfirmary|\bhealth (?:system|service|care)",
    ),
    _topic(
        "a university or school", r"\b(?:which|what) (?:\w+ )?(?:universit\w+|schools?|colleges?|campus)\b",
        r"\buniversit|\bschool|\bcollege|\binstitute|\bcampus|\bacadem",
    ),
    _topic(
        "a batch size", r"\b(?:which|what|how (?:large|big)) (?:\w+ ){0,3}batch(?:es| sizes?)?\b", r"\b(?:mini-?)?batch",
    ),
    _topic("a learning rate", r"\b(?:which|what|how high) (?:\w+ ){0,3}learning rates?\b", r"\blearning[- ]rate|\bstep size"),
    _topic(
        "a GPU", r"\b(?:which|what) (?:\w+ (?:of )?){0,2}(?:gpu|graphics card|accelerator)s?\b",
        r"\b(?:[A-Z]{1,3}\d{2,4}|RTX|GTX|TPU|Titan|GeForce|Radeon|Quadro|MI\d+)\b",
    ),
    _topic(
        "a place", r"\b(?:which|what) (?:\w+ )?(?:countr\w+|cit(?:y|ies)|towns?|continents?)\b",
        r"\b(?-i:(?:in|at|from|of|across|near) (?:the )?[A-Z][a-z]+)",
    ),
    _topic(
        "a language", r"\b(?:which|what) (?:(?!programming)\w+ )?languages? (?:are|can|could|did|do|does|has|have|is|was|were)\b",
        r"\blanguages? ?(?:,? (?:such as|including|like|namely)|[:(])"
        r"|\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|both) (?:[\w-]+ ){0,4}languages"
        rf"|\b(?:{_LANGUAGES})\b|\bc\+\+",
    ),
    _topic("a year", r"\b(?:which|what) years\b", r"\b(?:19|20)\d{2}\b|\byears?\b"),
    _topic(
        "limitations", r"\b(?:limitations?|weakness(?:es)?|drawbacks?|disadvantages?|downsides?|shortcomings?|caveats?)\b",
        r"\blimit(?!ing\b|s? (?:theorem|distribution))|\bweakness|\b(?:is|are) weak|\bweak (?:in|at|on|when|points?|spots?)\b"
        r"|\bdrawback|\bdisadvantag|\bdownside|\bshortcoming|\bcaveat|\bfail|\bstruggl|\bcannot\b|\bunable|\bfuture work"
        r"|\bdegrad|\bsuffer|\black|\brestrict|\bwors",
    ),
    _topic(
        "future work", r"\bfuture (?:works?|directions?|research|plans?|steps?)\b",
        r"\bfuture|\bfurther (?:work|research|stud)|\bremains? (?:an? )?(?:open|unclear|challeng|to be)"
        r"|\bopen (?:questions?|problems?|challenges?|directions?)|\b(?:research|promising) directions"
        r"|\bnext step|\bplan to|\bwill be",
    ),
    _topic(
        "code or a link to it",
        r"\b(?:is|are|where|link|address|url)\b[^?]{0,80}\b(?:code|implementation|repository|repo|github|weights|checkpoints)\b",
        r"\bcode\b|\bgithub|https?:|\breleas|\bavailab|\bopen[- ]?sourc|\bpublicly|\bweights\b|\bcheckpoint|\brepositor",
    ),
    _topic(
        "findings",
        r"^\W*(?:and |so )?what (?:did|do|does) .{1,60} (?:find|find out|discover|conclude|observe)\W*(?:\(about .*)?$"
        r"|^\W*what (?:are|were|is) (?:the |their |its )?(?:main |key |major |central |most important )?"
        r"(?:findings?|results|conclusions?)\b",
        r"\b(?:we|authors|experiments|analys[ei]s|(?:our|the|these) (?:results?|findings)) (?:\w+ ){0,3}?"
        r"(?:find|found|show|shows|demonstrat|observ|discover|conclud|reveal|indicat|suggest|confirm)"
        r"|\boutperform|\bachiev|\bimprov(?:es|ed|ing|ement)|\d ?%|\bsignificant|\bfail(?:s|ed)?\b"
        r"|\b(?:superior|better|worse|higher|lower|faster|fewer|more \w+) than\b|\bstate-of-the-art (?:results|performance)",
    ),
    _topic("a maintainer", r"\bwho (?:[\w'’-]+ ){0,5}?maintain(?:s|ers?|ed)?\b", r"\bmaintainer|\bmaintained by\b"),
    _topic(
        "how to install it", r"\bhow (?:\S+ ){0,5}?install(?:ed|s)?\b|\binstallation\b",
        r"\binstall(?!ed\b(?! (?:from|via|using|with|by)\b))|\bdownload|\bavailab|\b(?:CRAN|PyPI|pip|conda)\b|\bgithub|https?:",
    ),
    _topic(
        "who proposed it", r"^\W*(?:and )?who (?:\w+ ){0,2}?"
        r"(?:proposed|introduced|invented|developed|discovered|devised|designed|created|came up with)\b",
        r"\bet al\b|\b(?-i:[A-Z][a-z'’-]+)(?: (?:and|&) (?-i:[A-Z])[\w'’-]+)? ?[\[(](?:(?:19|20)\d\d|\d{1,3}\])"
        r"|\b(?:proposed|introduced|invented|developed|suggested|described|discovered|devised|due|credited|attributed)"
        r" (?:\w+ )?(?:by|to|in) (?-i:[A-Z]|[\[(])",
    ),
    _topic("a seed", r"\b(?:which|what|how many) (?:random )?seeds?\b", r"\bseed"),
)  # fmt: skip


def unmet(question: Question, passages: Sequence[Passage], is_known: Callable[[str], bool]) -> str:
    """What the question expects and none of the papers found holds, as a reason to decline; "" where nothing is missing.

    `is_known` tells whether the library uses a name anywhere: one that it does not is another rule's business.
    """
    asks_widely = question.wants_list or (question.wants_comparison and not question.together)
    are_compared = bool(question.order) and len(question.together) > 1
    if is_left_out := left_out(question):
        if _is_of_no_paper(question, passages):
            return "Not found: the question does not say of which paper."
        if not any(is_left_out(passage.text) for passage in passages):
            return "Not found: the passages found tell what was done, and nothing of what was not."
    if _is_part_of_no_paper(question, passages):
        return "Not found: the question does not say of which paper."
    if (question.about_metadata and not are_compared) or asks_widely or not passages:
        return ""
    papers = {passage.paper.id: passage.paper for passage in passages}.values()
    joined: set[str] = set()
    for together in _together(question, papers) or ((),):
        names = [name for name in together if _is_telling(name) and is_known(name)]
        holding = {paper.id for paper in papers if mentions_all(paper, names)}
        if not holding:
            return f"Not found: no paper found mentions {quoted(names[:3])}{' together' if len(names) > 1 else ''}."
        joined |= holding
    if question.about_metadata:
        return ""
    # Titles print every word with a capital, which says nothing of places.
    texts = [f"{passage.paper.title.lower()}\n{passage.text}" for passage in passages if passage.paper.id in joined]
    for missing, holds in _expectations(question):
        if not any(holds(text) for text in texts):
            return f"Not found: the passages found say nothing of {missing}."
    return ""


def words_for(question: Question) -> tuple[re.Pattern[str], ...]:
    """What the sentences that answer use one of, for each thing that the question asks after by name: "what limitations …?"."""
    return tuple(topic.said for topic in _asked_after(question))


def is_headed(question: Question, heading: str | None) -> bool:
    """True where a heading names what the question asks after: "5. Limitations and future work"."""
    return bool(heading) and any(topic.asked.search(heading or "") for topic in _asked_after(question))


def counting(question: Question) -> Callable[[str], bool] | None:
    """What is true of a text that gives a number of the things that the question counts; None where it counts nothing."""
    counted = _counted(question.text)
    return partial(_counts, stem(counted.lower())) if counted else None


def sharing(question: Question) -> Callable[[str], object] | None:
    """What is true of a text that gives a share, such as a percentage; None where none is asked for."""
    return _PERCENT.search if _PERCENT_WANTED.search(asked_now(question.text)) else None


def left_out(question: Question) -> Callable[[str], bool] | None:
    """What is true of a text that says of something asked for that it is not done; None for a question that asks what is done."""
    asked = _LEFT_OUT.match(asked_now(question.text))
    if not asked:
        return None
    wanted = term_set(asked["what"]) - term_set(" ".join(question.names))

    def is_said(text: str) -> bool:
        near = (text[cue.start() : cue.end() + _NEAR_NOT] for cue in _NOT.finditer(text))
        return any(not wanted or wanted & term_set(after) for after in near)

    return is_said


def _is_of_no_paper(question: Question, passages: Sequence[Passage]) -> bool:
    """True where "they" and "it" stand for nothing that was said, and several papers may be meant."""
    asked = _LEFT_OUT.match(question.text) if asked_now(question.text) == question.text else None
    return bool(asked and (asked["it"] or asked["they"])) and len({passage.paper.id for passage in passages}) > 1


def _is_part_of_no_paper(question: Question, passages: Sequence[Passage]) -> bool:
    """True where all that is asked is what a numbered part says, and several papers may be meant."""
    rest = question.topic
    for _, named in parts_asked(rest):
        rest = named.sub("", rest)
    says_more = rest == question.topic or term_set(rest) - _SHOWING
    return not says_more and len({passage.paper.id for passage in passages}) > 1


def is_about_several(question: Question, passages: Sequence[Passage]) -> bool:
    """True for two questions in one whose names stand in several of the papers found, and in none together."""
    papers = {passage.paper.id: passage.paper for passage in passages}.values()
    sets = _together(question, papers)
    names = [name for together in sets for name in together if _is_telling(name)]
    return len(sets) > 1 and not any(mentions_all(paper, names) for paper in papers)


def _together(question: Question, papers: Collection[Paper]) -> list[tuple[str, ...]]:
    """The sets of names each of which one paper must hold, with words side by side as a name each where several of the papers are
    called so: "How do Merlin and Gandalf …?"."""
    titles = [word for word in question.words_beside if any(is_titled(paper, word) for paper in papers)]
    sets: list[tuple[str, ...]] = []
    for names in question.together:
        apart = [name for name in names if name in titles]
        rest = tuple(name for name in names if name not in titles)
        sets += [(name, *rest) for name in apart] if len(apart) > 1 else [names]
    return sets


def _is_telling(name: str) -> bool:
    return len(squeezed(name)) >= _SHORTEST_NAME and name.lower() not in MONTHS


def mentions_all(paper: Paper, names: Sequence[str]) -> bool:
    """True where the paper, anywhere, uses every name, what it abbreviates, the place whose adjective it is, or at least the
    first part of a compound ("S4" of "S4-like"). Where that joins names, those stand near each other: "Box and Cox" of "Box-Cox",
    but languages of "Spanish-English" anywhere."""
    if not names:
        return True
    text = "\n".join([paper.record, *(section.text for section in paper.sections)])
    squeezed_text, words = squeezed(text), set(_WORD.findall(text))

    def is_used(name: str) -> bool:
        first, *others = name.split("-")
        if squeezed(name) in squeezed_text:
            return True
        if others and name.istitle():
            if any(map(is_of_place, (first, *others))):
                return all(map(is_used, (first, *others)))
            return _stand_together((first, *others), text)
        if {first, f"{first}s"} & words:
            return True
        return is_spelt_out(first, text) or is_placed(first, text)

    return all(map(is_used, names))


def _stand_together(names: Sequence[str], text: str) -> bool:
    """True where a text uses all the names near each other, in whatever order: "Newey and West (1987)"."""
    text = fold(text)
    near = (text[max(0, one.start() - _REACH) : one.end() + _REACH] for one in re.finditer(re.escape(names[0]), text))
    return any(set(_WORD.findall(part)).issuperset(names) for part in near)


def _expectations(question: Question) -> Iterator[tuple[str, Callable[[str], object]]]:
    """What an answer must hold: how to call it, and whether a text holds it."""
    if is_counted := counting(question):
        yield f"a number of {_counted(question.text)}", is_counted
    for match in _IN_UNIT.finditer(question.text):
        unit = next((quantity.unit for quantity in quantities(f"1 {match[1].lower()}")), "")
        if unit and unit != "$":
            yield f"anything in {match[1]}", partial(_measures, unit)
    if _MONEY_WANTED.search(question.text):
        yield "money", _MONEY.search
    if is_share := sharing(question):
        yield "a share", is_share
    for topic in _asked_after(question):
        yield topic.name, topic.said.search
    if question.wants_number:
        yield "a number", lambda text: quantities(text, in_names=True) or _ONE_OF_A_UNIT.search(text)


def _asked_after(question: Question) -> Iterator[_Topic]:
    yield from (topic for topic in _TOPICS if topic.asked.search(question.text))
    yield from (_Topic(name, named, named) for name, named in parts_asked(question.text))
    if question.kind:
        yield _Topic(str(question.kind), question.kind.said, question.kind.said)


def is_named_part(question: Question, text: str) -> bool:
    """True where a text names a figure, a table and the like that the question asks of by its number."""
    return any(named.search(text) for _, named in parts_asked(question.text))


def is_caption(question: Question, sentence: str) -> bool:
    """True where a sentence begins with the name of such a part, as its caption does."""
    return any(named.match(sentence) for _, named in parts_asked(question.text))


def _counted(text: str) -> str:
    """The head of what a question counts: "GPU hours" of "how many GPU hours did …" gives "hours"; "" where it counts nothing."""
    match = _COUNTED.search(text)
    words: list[str] = []
    for word in re.findall(r"[\w'’-]+", match[1]) if match else []:
        ends = STOP_WORDS | _PARTICIPLES | (_AFTER_COUNTED if words else frozenset())
        if word.lower() in ends or word.lower().endswith("ed"):
            break
        words.append(word)
    return words[-1] if words else ""


def _measures(unit: str, text: str) -> bool:
    return any(quantity.unit == unit for quantity in quantities(text))


def _counts(head: str, text: str) -> bool:
    """True where a number of the text is followed by the thing counted."""
    ends = [quantity.end for quantity in quantities(text)] + [match.end() for match in _COUNTED_AS_ONE.finditer(text)]
    after = [_SET_OFF.split(text[end : end + _WINDOW], maxsplit=1)[0] for end in ends]
    near = [
        set(re.findall(r"[a-z]+", f"{text[max(0, end - 12) : end]}{said}".lower()))
        for end, said in zip(ends, after, strict=True)
    ]
    alike = _PERSONS if head in _ANYONE else _STUDIED if head in _TAKING_PART else frozenset()
    return any(words & alike or head in set(map(stem, words)) for words in near)
