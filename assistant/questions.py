"""What a question asks for, read from its words: its terms, the kind of answer, and whether it leans on an earlier turn."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.errors import QuestionError
from assistant.metadata import asked_metadata
from assistant.records import Paper, normalised, one_line
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
_MONTH = re.compile(
    rf"\b({'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS)})\b(?=\.? (?:\d|of\b))", re.IGNORECASE
)
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
# What a question says to the assistant, not of a topic: no search term.
_REQUEST = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you)\W+)*(?:explain|describe|summari[sz]e|list|name|enumerate|outline|"
    r"(?:show|find|give|tell)(?: me)?)\b|\bwhat\s?s\b|\b(?:a |an |the )?summary of\b", re.IGNORECASE,
)  # fmt: skip
_ASKING_VERBS = frozenset(terms("wrote authored find found"))
_PUBLISHING = frozenset(
    terms("published appeared released dated written preprints works studies articles publications listed")
)
# "What is UL2?", "Explain PALBERT", "What does HFT propose?": asks what something is, not for one of its figures.
_DEFINITION = re.compile(
    r"^\W*(?:what(?:['’]?s| is| are)|explain|describe|summari[sz]e|tell me about)\b(?: (?:a|an|the))?(?: [^\s?]+){1,4}\W*$"
    r"|^\W*what (?:does|do) .{1,80}(?:propose|introduce|present|suggest)s?\W*$", re.IGNORECASE,
)  # fmt: skip
_SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks?|thank you|thx|ok(?:ay)?|bye|goodbye|help|test|"
    r"(?:what|how) can (?:you|i|we) (?:do|ask)|who are you|what are you|how are you)"
    r"(?:\W+(?:there|you|again|so much|very much|a lot|today|here|me|you do|thanks?))*\W*$", re.IGNORECASE,
)  # fmt: skip
# A question about the library holds nothing else: "the longest document that the model can process" is a topic.
_OF_LIBRARY = (
    r"how many (?:papers|documents|articles|publications)"
    r"|(?:newest|latest|most recent|oldest|earliest|longest|shortest) (?:paper|document|article|publication|work)s?"
    r"|(?:most|fewest) (?:authors|comments)|most commented"
)
_BESIDE = (
    "a|added|all|altogether|and|are|by|can|collection|could|did|do|does|find|five|from|give|has|have|hello|here|hi|hold|"
    "holds|i|in|is|it|know|library|list|listed|me|my|name|of|one|ones|our|papers?|documents?|articles?|please|s|show|so|tell|"
    "ten|the|them|there|these|this|three|total|us|we|what|which|with|you|your"
)
_ABOUT_LIBRARY = re.compile(
    rf"^(?=.*\b(?:{_OF_LIBRARY})\b)(?:[\W\d]*\b(?:{_OF_LIBRARY}|{_BESIDE})\b)+[\W\d]*$", re.IGNORECASE
)
# "Write me a script that …", "Tell me a joke": of the training questions, some of which are terse phrases ("compose a whole
# song as sheet music …"), two in a hundred thousand read so.
_BETWEEN = r"(?:(?!(?:of|on|about|for|in|with|to)\b)[\w'’+#-]+ ){0,4}?"
_WRITING = re.compile(
    r"^\W*(?:(?:please|(?:can|could|would|will) you|i (?:want|need|would like) you to|help me(?: to)?)\W+)*(?:"
    r"(?:(?:write|compose|draft|code|implement|make|create|generate|build)(?: up)? (?:me|us)"
    rf"|(?:write|compose|draft|code|implement)) (?:an?|some|my|another) {_BETWEEN}"
    r"(?:functions?|scripts?|programs?|app|quer(?:y|ies)|regex|regular expressions?|class|loop|code|snippet|macro|unit tests?|"
    r"website|poems?|haikus?|sonnets?|songs?|lyrics|stor(?:y|ies)|jokes?|limericks?|e-?mails?|letters?|essays?|speech|"
    r"tweets?|recipes?|cv|itinerary)"
    rf"|(?:tell|give|send|sing) (?:me|us) (?:an?|some|another) {_BETWEEN}"
    r"(?:poems?|haikus?|sonnets?|songs?|stor(?:y|ies)|jokes?|limericks?|recipes?))"
    r"(?=\W*$|[.,;:!?]|\s(?:that|which|who|to|for|in|on|about|after|of|with|from|using|by)\b)", re.IGNORECASE,
)  # fmt: skip
# Words that name something: with a capital inside or beside a digit (DoRA, CodeT5), or a capital in mid-sentence (Bulgarian).
_NAME = re.compile(r"\b[A-Za-z]+(?=[A-Z0-9])[\w-]*[A-Za-z0-9]|(?<=[a-z,] )[A-Z][a-z]+\b")
_LONGER_WORD = re.compile(r"\b[A-Za-z][a-z]{3,}\b")
_TITLE_CAPITALS, _TITLE_SHARE = 3, 0.75
_AROUND_WORDS = "\"“”‘’'(),;:!?"
_QUOTED_TITLE = re.compile(
    r"“[^”]*\s[^”]*\s[^”]*”|\"[^\"]*\s[^\"]*\s[^\"]*\""
)  # its capitals name nothing by themselves
_LEANING_START = re.compile(
    r"^\W*(?:and|but|so|also|then|what about|how about|why (?:is|was) that|what else|anything else|any other|tell me more|"
    r"go on|more (?:details?|on))\b", re.IGNORECASE,
)  # fmt: skip
_EXPLAIN = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you)\W+)*explain\b( (?:again|further|in|like|more)\b(?!-))?",
    re.IGNORECASE,
)
_OF_ONE = re.compile(r"\bits?\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:it|its|itself|they|their|them|theirs|he|she|this|that|these|those)\b(?! (?:is|are) (?:known|called))",
    re.IGNORECASE,
)
_WHAT_IS = re.compile(  # "What is pruning?" stands alone, "What is the cost?" does not
    r"^\W*(?:what|who)(?:['’]s| is| are| was| were) (?!(?:the|its?|their|that|this|these|those|they|he|she|his|her)\b)",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\bthe (first|second|third|fourth|last) (?:one|paper|method|work|study|approach)\b", re.IGNORECASE
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_SEVERAL = 4
_OF_SEVERAL = re.compile(r"\b(?:they|them|their|these|those|each|both|all)\b", re.IGNORECASE)
_OWN_ANTECEDENT = re.compile(r"\b(?:that|which|who)\b\s+\w+s?\b", re.IGNORECASE)
_DEFINITE = re.compile(
    r"\bthe (?:same |said |above )?"
    r"(?:method|model|approach|paper|work|dataset|data ?set|benchmark|authors?|study|technique|framework|system|code)s?\b"
    # "The paper General Scales …", "the code of S2FT" and "the paper on pruning" say which; "is the paper on arXiv?" does not.
    r"(?! (?:of )?[\"“‘]?(?:(?-i:[A-Z])|[a-z]+-?\d))"
    r"(?!(?<=paper|study) (?:on|about|called|titled|entitled) (?!arxiv|github|hugging)\w)", re.IGNORECASE,
)  # fmt: skip
# What a pronoun stands for in its own question: the subject "LLMs" of "Can LLMs correct their own reasoning?", where "What
# datasets do they use?" asks for datasets; and a name, for "its" and for an "it" that begins a clause, not in "GPT-4 on it".
_AUXILIARY = r"(?:are|can|could|did|do|had|have|may|might|must|should|were|will|would)"
_BARE_PLURAL = (
    r"(?:(?!(?:an?|the|this|that|these|those|its?|they|their|them|many|most|much|to|of|on|in|for|by|with|and|or|what|which)\b)"
    r"[\w-]+ ){0,2}?"
    r"(?!(?:its|this|does|was|has)\b)(?:[\w-]{2,}(?<![sui])s|people|children)\b"
)
_PLURAL_SUBJECT = re.compile(rf"\b(?:{_AUXILIARY}|how|if|that|whether|when|where|why) {_BARE_PLURAL}", re.IGNORECASE)
_PLURAL_AFTER_CLAUSE = re.compile(
    rf"^\W*(?:after|as|before|given|if|once|since|unless|when|while)\b[^,]*, {_AUXILIARY} {_BARE_PLURAL}", re.IGNORECASE
)
_BEGINS_CLAUSE = re.compile(
    r"\b(?:after|as|because|before|how|if|once|than|that|what|when|where|whether|which|while|why) $", re.IGNORECASE
)
# "It" stands for nothing: "is it possible to …", and "it is hard to train models", but not "is it hard to train?".
_EXPLETIVE = re.compile(
    r"it (?:(?:is|was|be|been|gets?|getting|becom(?:es?|ing)|seems?|remains?) )*(?:\w+ly )?(?:"
    r"(?:possible|impossible|necessary|better|best|worse|wise|feasible|sensible|enough|worthwhile|pays?|helps?) to\b"
    r"|(?:hard|easy|difficult|harder|easier|safe|safer|cheap|cheaper) to [\w-]+ "
    r"(?!(?:and|at|by|for|from|in|of|on|or|than|under|when|with|without|\w+ly)\b)\w"
    r"|(?:true|likely|known|clear|possible|important|plausible) (?:that|if|whether)\b|worth \w+ing\b)", re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question that can be searched for: its `text`, index `terms`, what it expects of an answer, and the `names` in it.

    `of_year` is true where the `years` (and `months`, three letters each) are those of publication. `small_talk` asks
    nothing of papers; `about_library` asks about the library as a whole, which no passage answers; `wants_writing` asks for
    a program, a poem or a letter to be written.
    """

    text: str
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
    of_year: bool = False
    names: tuple[str, ...] = ()
    small_talk: bool = False
    about_library: bool = False
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
        dated = {*map(str, self.years), *(month.lower() for month in self.months)}
        return self.of_year and set(self.terms) <= dated | _PUBLISHING

    def is_of_month(self, paper: Paper) -> bool:
        """True where the paper's printed date names one of the `months`, or none is asked for."""
        return not self.months or not _months_of(paper.date or "").isdisjoint(self.months)

    def is_of_time(self, paper: Paper) -> bool:
        """True where the paper is printed with one of the `years`, and with one of the `months` where there are any."""
        return paper.year in self.years and self.is_of_month(paper)


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
    names = _names(_QUOTED_TITLE.sub(" ", cleaned))
    printed = asked_metadata(cleaned)
    return Question(
        text=cleaned,
        terms=_search_terms(cleaned),
        wants_list=bool(_LIST.search(cleaned)),
        wants_comparison=bool(_COMPARISON.search(cleaned) or (len(names) > 1 and _OPPOSING.search(cleaned))),
        wants_number=bool(_COUNT.search(cleaned)),
        wants_date=printed.date and not _OF_YEAR.search(cleaned),
        wants_people=printed.people,
        wants_author_count=printed.author_count,
        wants_comments=printed.comments,
        years=tuple(int(year) for year in _YEAR.findall(cleaned)),
        months=tuple(month[:3].title() for month in _MONTH.findall(cleaned)),
        of_year=bool(_OF_YEAR.search(cleaned)),
        names=names,
        small_talk=bool(_SMALL_TALK.search(cleaned)),
        about_library=bool(_ABOUT_LIBRARY.search(cleaned)),
        wants_writing=bool(_WRITING.search(cleaned)),
        wants_definition=bool(_DEFINITION.search(cleaned)),
    )


def _months_of(date: str) -> set[str]:
    """The months of a printed date, three letters each: "2023-03-09" -> {"Mar"}."""
    every = [month.title() for month in MONTHS.values()]
    return {name.title() or every[int(after or before) - 1] for name, after, before in _DATED_MONTH.findall(date)}


def _names(text: str) -> tuple[str, ...]:
    """The words that name something. Where nearly every longer word has a capital, as in a title, that alone names nothing."""
    found = dict.fromkeys(_NAME.findall(fold(text)))
    words = _LONGER_WORD.findall(text)[1:]
    capitals = sum(word[0].isupper() for word in words)
    if capitals >= _TITLE_CAPITALS and capitals >= _TITLE_SHARE * len(words):
        return tuple(name for name in found if not name.istitle())
    return tuple(found)


def _search_terms(text: str) -> tuple[str, ...]:
    """The terms that say what the question is about; all of them where nothing else is left."""
    every = tuple(dict.fromkeys(terms(text)))
    wanted = dict.fromkeys(terms(_REQUEST.sub(" ", text)))
    return tuple(term for term in wanted if term not in _ASKING_VERBS) or every


def possible_titles(text: str) -> list[str]:
    """Every run of one to four words: one may be a paper's short name ("CorDA" of "CorDA: Context-Oriented …")."""
    words = [word.strip(_AROUND_WORDS) for word in text.rstrip(_AROUND_WORDS + ".").split()]
    runs = (
        " ".join(words[start : start + length]) for length in range(1, 5) for start in range(len(words) - length + 1)
    )
    return list(dict.fromkeys(run for run in runs if len(run) > 1))


def is_titled(paper: Paper, name: str) -> bool:
    """True where `name` is the paper's title up to its colon. A name that is a common word ("POINTS") must have its case."""
    short = paper.title.split(":")[0].strip()
    is_mixed = any(sign.isupper() for sign in short[1:]) and any(sign.islower() for sign in short)
    is_coined = is_mixed or any(sign.isdigit() for sign in short)
    return short == name or (is_coined and short.casefold() == name.casefold())


def leans_on_history(text: str) -> bool:
    """True for a question that cannot be understood without the turn before it: "and its cost?", "why?", "what about images?"."""
    if _LEANING_START.search(text) or _ORDINAL.search(text):
        return True
    explain = _EXPLAIN.search(text)
    content = terms(text[explain.end() :] if explain else text)
    if len(content) <= 1 or (explain and explain[1] and len(content) == 2):  # "explain in simple words"
        return not (content and _WHAT_IS.search(text))
    return len(content) <= 6 and (points_back(text) or bool(_DEFINITE.search(text)))


def points_back(text: str) -> bool:
    """True where a pronoun stands for something said earlier, and not for something in the question itself."""
    return not _PLURAL_AFTER_CLAUSE.search(text) and not all(
        _stands_for_its_own(pronoun) for pronoun in _PRONOUN.finditer(text)
    )


def _stands_for_its_own(pronoun: re.Match[str]) -> bool:
    """True where what the pronoun stands for is in the question before it, or where it stands for nothing."""
    text, word = pronoun.string, pronoun.group().lower()
    before = text[: pronoun.start()]
    if word == "that":  # "a method that freezes …"
        return bool(_OWN_ANTECEDENT.match(text, pronoun.start()))
    if word in ("they", "their", "theirs"):
        return bool(_PLURAL_SUBJECT.search(before))
    if word == "it" and _EXPLETIVE.match(text, pronoun.start()):
        return True
    return (word in ("its", "itself") or bool(word == "it" and _BEGINS_CLAUSE.search(before))) and bool(
        _NAME.search(before)
    )


def standalone(text: str, history: Sequence[Mapping[str, str]], candidates: Sequence[Paper]) -> str:
    """The question made readable without its history, by naming what the earlier turn was about.

    `candidates` are papers that the earlier turn may have cited; those whose title the earlier answer names are carried
    over in its order (one for "the second one", the first for "it", up to four for "which of them", else two), else the
    earlier question is.
    A question that stands alone is returned as it is.
    """
    earlier = [turn for turn in history if turn.get("content", "").strip()]
    if not earlier or not leans_on_history(text):
        return text
    answered = normalised(next((turn["content"] for turn in reversed(earlier) if turn.get("role") == "assistant"), ""))
    places = {paper.title: answered.find(normalised(paper.title)) for paper in candidates if normalised(paper.title)}
    titles = sorted((title for title in places if places[title] >= 0), key=lambda title: places[title])
    ordinal = _ORDINAL.search(text)
    if ordinal and abs(number := _ORDINALS[ordinal[1].lower()]) < len(titles):
        titles = [titles[number]]
    titles = titles[: _SEVERAL if _OF_SEVERAL.search(text) else 1 if _OF_ONE.search(text) else 2]
    if titles:
        return f"{text} (about {' and '.join(f'“{title}”' for title in titles)})"
    asked = next((turn["content"] for turn in reversed(earlier) if turn.get("role") == "user"), "")
    return f"{text} (after: {asked[:300]})" if asked else text
