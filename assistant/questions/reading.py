"""What a question asks for, read from its words: its terms, its names, and the kind of answer."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from assistant.errors import QuestionError
from assistant.questions.abbreviations import abbreviation_asked
from assistant.questions.amounts import Amount, read_amount
from assistant.questions.asking import (
    asks_for_papers,
    asks_what_to_read,
    counts_over_all,
    counts_papers,
    counts_records,
    is_about_library,
    is_doubt,
    is_small_talk,
    lists_library,
    papers_wanted,
    sentences_wanted,
    things_wanted,
    topic_of,
    wants_reference,
    wants_writing,
    without_opening,
)
from assistant.questions.authorship import Authorship, read_authorship
from assistant.questions.kinds import OF_ANY_TOPIC, Kind, read_kind
from assistant.questions.metadata import asked_metadata, asked_now, named_alone, paper_called
from assistant.questions.names import (
    QUOTED_TITLE,
    is_called,
    is_name,
    is_named,
    is_titled,
    names_in,
    possible_titles,
    together,
)
from assistant.questions.numbered import parts_asked, without_parts
from assistant.questions.numbers import COUNTING_WORDS
from assistant.questions.openly import asked_openly
from assistant.questions.orders import as_which, first_on_topic, order_of_records, place_wanted
from assistant.questions.parts import parts_of
from assistant.questions.spelling import in_small_letters, without_typing_errors
from assistant.questions.times import Time, read_time
from assistant.records import Paper, one_line
from assistant.terms import terms

MAX_CHARACTERS = 4000  # far above any question; a pasted document is a mistake worth a message
MOST_WANTED = 10  # things that an answer lists, or sentences

_LIST = re.compile(
    r"\b(?:which|what) (?:\w+ ){0,2}?"
    r"(?:papers|works|studies|methods|approaches|techniques|models|datasets|benchmarks|algorithms)\b"
    r"|\b(?:list|name|enumerate)\b|\bwhich of the papers\b|\ball (?:the )?(?:papers|methods|ways)\b",
    re.IGNORECASE,
)
_LIST_PAPERS = re.compile(
    r"\b(?:which|what) (?:\w+ ){0,2}?(?:papers|works|studies)\b|\b(?:list|name|enumerate) (?:\w+ ){0,3}?papers\b"
    r"|\ball (?:the )?papers\b",
    re.IGNORECASE,
)
# A list of what one paper has, where the question names that paper: its data sets, the models that it uses.
_PARTS = re.compile(
    r"\b(?:which|what) (?:(?!other|similar|further)\w+ ){0,2}?(?:data ?sets|benchmarks"
    r"|(?:methods|approaches|techniques|models|algorithms)(?= (?:does|do|did|has|have|was|were)\b|\W*$))"
    r"|\b(?:list|name|enumerate) (?:\w+ ){0,3}?(?:data ?sets|benchmarks)\b",
    re.IGNORECASE,
)
# "Which data sets …?", "What was it evaluated on?", but not "Which papers offer data sets?"
_DATA = re.compile(
    r"\b(?:which|what|list|name|enumerate)\b(?: (?!papers|works|studies|articles)[\w-]+){0,3}?"
    r" (?:data|data ?sets?|benchmarks?|corpus|corpora|test ?sets?)\b"
    r"|\bwhat\b.{1,80}\b(?:evaluated|tested|trained|tuned|validated|benchmarked) (?:on|with|against)\W*$",
    re.IGNORECASE,
)
# Where something is to be had: "Is the code of BioBERT available?", "Where can I download the weights?"
_RELEASABLE = (
    r"(?:code|implementation|repo|repository|data|data ?sets?|corpus|benchmark|models?|weights|checkpoints?|demo)"
)
_RELEASE = re.compile(
    rf"\bwhere (?:can|could|do|would|to)\b.{{0,30}}\b(?:find|get|download|obtain|access|see)\b.{{0,60}}\b{_RELEASABLE}\b"
    r"|\bwhere (?:is|are) (?:\S+ ){0,4}?(?:code|implementation|repo|repository|data ?sets?|weights|checkpoints?|demo)\b"
    rf"|^\W*(?:\w+ )?(?:is|are|was|were|has|have|will|can)\b.{{0,60}}\b{_RELEASABLE}\b.{{0,60}}"
    r"\b(?:available|released|public|publicly|published|shared|open|open-?sourced?|accessible|online|downloaded)\b"
    rf"|^\W*(?:\w+ )?(?:do|does|did|will)\b.{{0,60}}\b(?:release|publish|share|open-?source|provide)\b.{{0,40}}\b{_RELEASABLE}\b"
    rf"|\bis there (?:(?:any|an?|some|public|official|source) )*{_RELEASABLE}\b"
    r"|\bon github\W*$|\b(?:github|gitlab) (?:link|url|page|address|repo|repository)\b"
    r"|\b(?:links?|url|address) (?:to|of|for) (?:\S+ ){0,4}?(?:code|repository|data|model|demo)"
    r"|^\W*(?:(?:and|what about|the|its|any) )*code\W*$", re.IGNORECASE,
)  # fmt: skip
# "many different cues" and "both speed and accuracy" compare nothing, and "versus" only where it stands between two things
# that the question names.
_COMPARISON = re.compile(
    r"\b(?:compare(?! (?:against|with|to)\W*$)|comparison (?:of|between)"
    r"|differences? (?:\w+ ){0,4}?between|what (?:differs|distinguishes))\b"
    r"|^\W*(?:how|why|where|do|does|did|in (?:what|which) \w+)\b.*\bdiffer\b"
    r"(?=\W*$| (?:in|on|across|as|from|when|with|versus|for|between)\b)"
    r"|^\W*how (?:much )?different (?:is|are)\b|\bdifferent (?:from|than)\b|\bhow (?:is|are) .*\bdifferent\W*$"
    r"|^\W*[\w-]+(?: [\w-]+)? (?:versus|vs)\b|\bha(?:ve|s) in common\b",
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
_WHATS = re.compile(r"\bwhat\s?s\b", re.IGNORECASE)
_ASKING_VERBS = frozenset(terms("wrote authored find found versus vs"))
_PAPERS_ON = "papers on "
_PUBLISHING = frozenset(
    terms(
        "published appeared released dated written preprints works studies articles publications vignettes manuscripts listed"
    )
)
_NO_TOPIC = _PUBLISHING | frozenset(
    terms(
        "show find list give get name search see know need want else recent new newest latest oldest earliest research"
    )
)
_COUNTING = frozenset(terms(" ".join(map(str, range(1000))))) | frozenset(terms(" ".join(COUNTING_WORDS)))
# "What is UL2?", "Explain PALBERT", "What does HFT propose?": asks what something is, not for one of its figures.
_DEFINITION = re.compile(
    r"^\W*(?:what(?:['’]?s| is| are)|explain|describe|summari[sz]e|tell me about)\b(?: (?:a|an|the))?(?: [^\s?]+){1,4}\W*$"
    r"|^\W*what (?:does|do) .{1,80}(?:propose|introduce|present|suggest)s?\W*$", re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question that can be searched for: its `text`, what that says of a `topic`, index `terms`, what it expects of an
    answer, and the `names` in it, with those that one paper must hold `together`: all of them, or one set for each of the names
    that stand side by side, and for each of two questions in one. `words_beside` stand so with nothing but a capital, as places
    and languages do ("Do Greek and Spanish …?"): each is a name of its own where papers are called so.

    `time` is the time of publication that it asks for, `years` are all that it mentions, `amount` is how many authors or comments
    the papers have that it asks for, and `by` says whose papers it asks for, `by_alone` that it says nothing of their topic.
    `wants_records` asks for papers of a time, by someone or all of them, whatever their topic, and `terms` then name none;
    `order` says which come first ("newest", "most authors", …), of those or of papers whose dates are compared, "" where that is
    not asked, `place` which place in that order alone is asked for, 0 where none is, `papers_wanted` how many of them, 0 where
    that is not said, and `counts_records` asks for their number. With `wants_first` those that come first are asked for of the
    papers on a topic. `things_wanted` is how many papers, methods and the like a list is to hold, `sentences_wanted` how many
    sentences the answer, 0 where that is not said. `wants_papers` asks for a list of papers, of a `kind` where it says so.
    `small_talk` asks nothing of papers, `doubts` whether to believe an answer; `about_library` asks about the library as a whole,
    which no passage answers; `counts_papers` asks how many of its papers are about something; `wants_writing` asks for a program,
    a poem or a letter to be written, `wants_reference` for a paper's own citation. `wants_data` asks for data sets,
    `wants_release` where code or data are to be had; `wants_parts` says that a list may be of what one paper has. Papers are
    asked for that say what those called `similar_to` do: then topic and terms are what these say. Where it asks for the printed
    metadata of one paper, or what a figure of it shows, this may be `called` something ("the gorilla paper"), and where
    `called_alone` that is its own name ("When was HFT published?"); where several things that are answered each for itself, these
    are its `parts`. The long form of an `abbreviation` may be asked for. With `wants_summary` the papers in question are to be
    summed up: that is known once it is known which these are.
    """

    text: str
    topic: str
    terms: tuple[str, ...]
    wants_list: bool = False
    wants_papers: bool = False
    wants_comparison: bool = False
    wants_number: bool = False
    wants_date: bool = False
    wants_people: bool = False
    wants_author_count: bool = False
    wants_comments: bool = False
    years: tuple[int, ...] = ()
    time: Time | None = None
    amount: Amount | None = None
    by: Authorship | None = None
    by_alone: bool = False
    wants_records: bool = False
    order: str = ""
    place: int = 0
    papers_wanted: int = 0
    counts_records: bool = False
    wants_first: bool = False
    things_wanted: int = 0
    sentences_wanted: int = 0
    names: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    words_beside: tuple[str, ...] = ()
    small_talk: bool = False
    doubts: bool = False
    about_library: bool = False
    counts_papers: bool = False
    wants_writing: bool = False
    wants_reference: bool = False
    wants_definition: bool = False
    wants_parts: bool = False
    wants_release: bool = False
    wants_data: bool = False
    called: str = ""
    called_alone: bool = False
    similar_to: tuple[str, ...] = ()
    parts: tuple["Question", ...] = ()
    kind: Kind | None = None
    abbreviation: str = ""
    wants_summary: bool = False

    @property
    def about_metadata(self) -> bool:
        """True where only the printed metadata can answer."""
        return (
            self.wants_date or self.wants_people or self.wants_author_count or self.wants_comments or self.wants_records
        )

    @property
    def asks_nothing(self) -> bool:
        """True where nothing is asked that the papers could answer: nothing is looked up then."""
        is_about_library = self.about_library and not self.wants_records
        return self.small_talk or self.doubts or self.wants_writing or self.wants_reference or is_about_library

    @property
    def asks_several(self) -> bool:
        """True where it asks for more than one thing that is printed of a paper, or for what its text says too."""
        printed = (self.wants_date, self.wants_people, self.wants_author_count, self.wants_comments)
        return bool(self.parts) or sum(printed) > 1

    @property
    def wants_any_of_kind(self) -> bool:
        """True where papers of a kind are asked for whatever their topic."""
        return self.kind is not None and OF_ANY_TOPIC.issuperset(self.terms)

    @property
    def of_year(self) -> bool:
        """True where papers of a time of publication are asked for."""
        return self.time is not None

    @property
    def undated(self) -> tuple[str, ...]:
        """The terms of the topic: a time of publication is looked up, as a year in a text says something else."""
        return () if self.wants_records else self.terms

    def settled(self, papers: Iterable[Paper]) -> "Question":
        """The question, now that papers are found for it: what may be a name is one where some of them print it."""
        if self.by is None or (self.by.is_sure and not self.by.together):
            return self
        papers = list(papers)
        by = self.by.settled(papers)
        if by.is_sure:
            return replace(self, by=by)
        if not any(map(by.holds, papers)):
            return replace(self, by=None)
        topic, kept = self.topic, self.terms
        if self.wants_first:  # "the newest paper on otters by Den Lab"
            topic = read_authorship(f"{_PAPERS_ON}{topic}")[1].removeprefix(_PAPERS_ON)
            kept = tuple(term for term in kept if term in terms(topic)) or kept
        by, is_listed = replace(by, is_sure=True), self.wants_records or self.by_alone
        return replace(self, by=by, wants_records=is_listed, topic=topic, terms=kept)

    def is_of(self, paper: Paper) -> bool:
        """True where the paper may be the one that is called so: its own name where that alone is said."""
        return (is_named if self.called_alone else is_called)(paper, self.called)

    def is_for(self, paper: Paper) -> bool:
        """True where the paper is of the time that is asked for, by whom, and of how many, where one is."""
        return all(asked is None or asked.holds(paper) for asked in (self.time, self.by, self.amount))

    def is_of_time(self, paper: Paper) -> bool:
        """True where the paper is printed with a date of the time that is asked for."""
        return self.time is not None and self.time.holds(paper)

    def is_dated(self, paper: Paper) -> bool:
        """The same; where no time of publication is asked for, true for a paper of a year that the question mentions."""
        return self.is_of_time(paper) if self.time else paper.year in self.years


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
    said = without_opening(without_typing_errors(in_small_letters(cleaned)))
    place, without_place = place_wanted(said)
    if place and (first := read_question(without_place)).order:
        return replace(first, text=cleaned, place=place)
    short, beside = abbreviation_asked(said)
    if short:
        return replace(read_question(f"What is {short}{beside}"), text=cleaned, abbreviation=short)
    if (openly := as_which(asked_openly(said))) != said:
        return replace(read_question(openly), text=cleaned)
    parts = tuple(map(read_question, parts_of(said)))
    amount, said = read_amount(said)
    time, rest = read_time(said)
    by, unsigned = read_authorship(rest)
    rest = unsigned if by and by.is_sure else rest
    (order, wanted_of), sentences, wanted = first_on_topic(rest), sentences_wanted(rest), papers_wanted(rest)
    wants_first, years = bool(order), tuple(int(year) for year in _YEAR.findall(said))
    if wants_first:
        said = rest = f"{_PAPERS_ON}{wanted_of}"
    elif terms(sentences[1]):
        said, rest = sentences_wanted(said)[1], sentences[1]
    is_printed = time is not None or amount is not None or (by is not None and by.is_sure)  # which papers are asked for
    topic, is_counting = topic_of(rest if terms(rest) else said), counts_papers(rest) or counts_over_all(rest)
    every = _search_terms(said, topic)
    undated = [term for term in every if term in {*terms(rest)} - _PUBLISHING] if is_printed else every
    naming = without_parts(QUOTED_TITLE.sub(" ", topic))
    names = names_in(naming)
    sets, is_side_by_side, words_beside = together(naming, names)
    compares = bool(_COMPARISON.search(said) or (len(names) > 1 and _OPPOSING.search(said)))
    printed, asked = asked_metadata(said), asked_now(said)
    beside_titles = QUOTED_TITLE.sub(" ", asked)  # “How Far Away Are …?” asks for no number
    called = paper_called(said)
    # "The BERT paper" is one, and "the MRI study" may be any.
    is_one = is_name(called) and f"{called} paper" in said
    if not (printed.of_one or parts_asked(said) or is_one):
        called = ""
    alone = named_alone(said, names) if printed.of_one and not called else ""
    order = order or order_of_records(unsigned if by else rest)
    if (
        printed.order and asked == said and not {*terms(rest)} - _NO_TOPIC
    ):  # "Which paper is the newest?" of all of them
        order = printed.order
    about_library = is_about_library(rest) or lists_library(rest)
    kind, things = read_kind(rest), things_wanted(rest)
    wants_papers = asks_for_papers(rest) or asks_what_to_read(rest) or kind is not None
    of_all = (
        lists_library(rest)
        or (bool(order) and not wants_first and (by is None or by.is_sure))
        or (about_library and counts_records(rest))
    )
    return Question(
        text=cleaned,
        topic=topic,
        terms=tuple(undated) or every,
        wants_list=bool(_LIST.search(said) or things) or is_counting or wants_papers,
        wants_papers=bool(_LIST_PAPERS.search(said)) or wants_papers,
        wants_comparison=compares or is_side_by_side,
        wants_number=bool(_COUNT.search(beside_titles)) and not is_counting,
        wants_date=printed.date and time is None,
        called=called or alone,
        called_alone=bool(alone),
        wants_people=printed.people,
        wants_author_count=printed.author_count,
        wants_comments=printed.comments,
        years=years,
        time=time,
        amount=amount,
        by=by,
        by_alone=by is not None and not {*terms(unsigned)} - _NO_TOPIC,
        wants_records=of_all or (is_printed and not {*undated} - _NO_TOPIC - (_COUNTING if wanted else set())),
        order=order or printed.order,
        papers_wanted=wanted,
        wants_first=wants_first,
        things_wanted=min(wanted or things, MOST_WANTED),
        sentences_wanted=min(sentences[0], MOST_WANTED),
        counts_records=counts_records(rest),
        names=names,
        together=() if compares else sets,
        words_beside=words_beside,
        small_talk=is_small_talk(said),
        doubts=is_doubt(said),
        about_library=about_library,
        counts_papers=is_counting,
        wants_writing=wants_writing(said),
        wants_reference=wants_reference(said),
        wants_definition=bool(_DEFINITION.search(said) or _DEFINITION.search(topic)),
        wants_data=bool(_DATA.search(beside_titles)),
        wants_parts=bool(_PARTS.search(beside_titles)),
        wants_release=bool(_RELEASE.search(beside_titles)),
        kind=kind,
        parts=() if any(part.wants_first or part.wants_records for part in parts) else parts,
    )


def _search_terms(text: str, topic: str) -> tuple[str, ...]:
    """The terms that say what the question is about; all of them where nothing else is left."""
    every = tuple(dict.fromkeys(terms(text)))
    wanted = dict.fromkeys(terms(_WHATS.sub(" ", topic)))
    return tuple(term for term in wanted if term not in _ASKING_VERBS) or every


def asked_of(question: Question, papers: Collection[Paper]) -> Question:
    """What is asked of `papers` by themselves: without their names, and without what a follow-up carries over."""
    topic = asked_now(question.topic)
    names = [run for run in possible_titles(topic) if any(is_titled(paper, run) for paper in papers)]
    for name in sorted(names, key=len, reverse=True):
        topic = re.sub(rf"[“\"‘]?(?<!\w){re.escape(name)}(?!\w)[”\"’]?", "", topic)
    left, before = set(terms(topic)), set(terms(question.topic))
    return replace(
        question,
        topic=" ".join(topic.split()),
        terms=tuple(term for term in question.terms if term in left or term not in before),  # typing errors were mended
        names=tuple(name for name in question.names if name in topic),
    )
