"""Which of a paper's printed metadata a question asks for: its date, its authors, how many they are, its comments.

What is asked of the paper itself is told from what its text answers: "Who wrote it?" and "When did the S2FT paper appear?" from
"Who wrote these tweets?" and "When did the loss spike?". In doubt the text answers: a listing holds little.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.terms import MONTHS, term_set, terms

# A thing is a paper where it is called so, has a name, or is "it"; "the gold labels" are a part of one. Only where nothing
# else makes it clear are words without an article ("mixture-of-experts") taken for a name.
_ONE_WORK = (
    r"(?:paper|study|article|preprint|publication|survey|vignette|manuscript|tutorial|manual|report|thesis|chapter)\b"
)
_WORK = rf"(?:(?:papers|works?|studies|articles|preprints|publications|surveys|vignettes|manuscripts|authors?)\b|{_ONE_WORK})"
_WORDS = r"(?:(?!(?:of|for|in|on|from|by|with|to|at|about|used|who|that)\b)[\w'’-]+ ){0,5}?"
_NAME = r"[\"“‘']?(?-i:[A-Z]|[a-z]+-?\d)"
_ARTICLE = (
    r"(?:an?|the|this|that|these|those|its?|they|them|their|our|my|your|his|her|one|each|any|some|all|most|many|such)\b"
)
_NAMED = rf"(?:{_ARTICLE} {_WORDS}(?:{_WORK}|{_NAME})|{_NAME})"
_PLACE = (
    r"the (?:first|second|third|fourth|last)(?: (?:one|paper|method|work|study|approach))?\b"  # of those named before
)
_THEM = rf"(?:them|both|each|all|(?:all |each |both )?(?:of )?(?:these|those|them|the)(?: (?:two|three|four))?(?: {_WORK})?)"
_AS_SUBJECT = rf"(?:(?:it|this(?: one)?|that(?: one)?)\b|{_PLACE}|{_NAMED})"  # "when did it appear"
# Not "who made it possible".
_AS_OBJECT = rf"(?:(?:it|this(?: one)?|that(?: one)?|{_PLACE})\b(?=\W*$|[,;.]| (?:and|or)\b)|{_NAMED})"
_BARE = rf"(?!{_ARTICLE}|(?:about|and|behind|for|in|on|or|what|with)\b)\w"

_PUBLISHED = (
    r"\b(?:published|publish|appear(?:ed)?|released?|submit(?:ted)?|c[ao]me out|written|posted|uploaded|announced?|"
    r"introduced?|proposed?|presented?|dated|printed|listed)\b"
)
_AUTHORED = r"(?:(?:co-?)?authored|published|proposed|introduced|presented|invented|came up with)"
_MADE = r"(?:wrote|written|made|developed|created|designed|built|released)"
_TIME = r"(?:what|which) (?:year|month|date|day)(?: (?:and|or) (?:(?:what|which) )?(?:year|month|date|day))?"
_MONTH = rf"(?:{'|'.join([*MONTHS, *MONTHS.values()])})\b"
# "Which was published first, HFT or LST?", "Is HFT older than LST?": of what is no name, only words that mean nothing but dates.
_THING = (
    r"(?:one|of them|of (?:the|these|those)(?: two)?(?: \w+)?|papers?|methods?|models?|approach|technique|work|study|survey"
    r"|data ?set|benchmark|system|framework)"
)
_CAME = (
    r"(?:is|was|are|were|appeared|came(?: out)?|has been|got)"
    r"(?: (?:published|released|introduced|proposed|submitted|written))?"
)
_ITEMS = r"\s?(?:[,:;?]|[-–—])\s"
_WHICH_CAME = rf"\b(?:which|what)(?: {_THING})? {_CAME}(?: the)?"
# "Which of them is the newest?", "Which came first?"
_FIRST_OF = (
    rf"\bwhich(?: (?:one|paper|of (?:them|(?:these|those|the)(?: (?:two|three|four))?(?: {_WORK})?|the (?:\w+ )?{_WORK}"
    rf"|{_NAME}[^,;:?]{{1,120}}? (?:and|or) [^,;:?]{{1,120}}?)))? "
    r"(?:is|was|appeared|came out|came)(?: the)? "
    r"(?:newest|newer|latest|later|most recent|more recent|oldest|older|earliest|earlier|first|last)\W*$"
)
_COMPARED = (
    rf"{_WHICH_CAME} (?:newer|older|(?:more|less|most|least) recent|newest|oldest){_ITEMS}.{{1,300}}\bor\b"
    rf"|{_WHICH_CAME} (?:first|last|earlier|later|earliest|latest){_ITEMS}(?:the )?{_NAME}.{{0,300}}\bor\b"
    rf"|^\W*(?:is|was|are|were) {_AS_SUBJECT}.{{0,120}}?\b(?:newer|older|more recent) than\b"
    rf"|^\W*(?:was|were|did|has|have) {_AS_SUBJECT}.{{0,120}}?{_PUBLISHED} (?:\w+ )?"
    rf"(?:before|after|(?:earlier|later) than|prior to) (?:the )?{_NAME}"
)
_WHEN = re.compile(
    rf"\b(?:when(?: exactly| first)?|{_TIME}) (?:was|were|did|has|have) (?:{_AS_SUBJECT}|{_BARE}).{{0,200}}?{_PUBLISHED}"
    rf"|\b{_TIME} (?:is|was) (?:printed|listed|given)\b"
    rf"|\b{_TIME} (?:is|was|does) {_AS_SUBJECT}.{{0,120}}\b(?:from|have|bear|carry)\W*$"
    rf"|\bhow old (?:is|are|was) (?:it\W*$|{_ARTICLE} {_WORDS}{_WORK}|{_NAME})"
    r"|\b(?:publication|publish) date\b(?=\W*$| (?:of|for)\b)|\bdate of publication\b"
    rf"|{_FIRST_OF}"
    rf"|\bwhen (?:was|were) (?:they|{_THEM})(?: (?:all|each|first))? (?:published|submitted|written)\W*$"
    rf"|\bwhen did (?:they|{_THEM})(?: (?:all|each|first))? (?:appear|come out)\W*$"
    r"|(?:^\W*|\b(?:and|but) )when\W*$"
    rf"|{_COMPARED}"
    rf"|\bpublished (?:in|on)(?=\W*$| (?:what|which)\b| {_MONTH})", re.IGNORECASE,
)  # fmt: skip
_DATES_COMPARED = re.compile(rf"{_FIRST_OF}|{_COMPARED}", re.IGNORECASE)
_NEWER = re.compile(r"\b(?:newer|newest|recent|later|latest|last|after)\b", re.IGNORECASE)
# "Finding out who wrote it" is a topic, not a question.
_ASKING = (
    r"(?:^\W*(?:(?:but|so|ok(?:ay)?|please|(?:(?:can|could) you )?tell me|do you know|do we know|i wonder)\W+)*|\band )"
)
_GROUP = (
    r"(?:which|what) (?:\w+ )?(?:organi[sz]ation|company|lab|laboratory|university|institution|institute|team|group)s?"
)
_WHO = re.compile(
    rf"\bwho(?:['’]s| is| are| was| were) (?:\w+ ){{0,3}}?(?:co-?)?authors?\b"
    rf"|{_ASKING}(?:who|{_GROUP}) (?:wrote|authored) {_THEM}\W*$"
    rf"|{_ASKING}(?:(?:what|who) (?:are|were) |list |name |give |tell |show |(?:me|us|all) )*(?:(?:the|its|their) )?"
    rf"(?:co-?)?authors(?: (?:of|for|from) (?:{_AS_OBJECT}|{_THEM}))?\W*$"
    rf"|{_ASKING}(?:who|{_GROUP})(?: (?:first|originally|has|have|is|are|was|were|stands?))? (?:"
    rf"(?:{_AUTHORED}|{_MADE}|behind) {_AS_OBJECT}|{_AUTHORED} (?!them|these|those)|{_MADE} {_BARE})"
    rf"|\bby whom (?:is|was|were|are) (?:{_AS_SUBJECT}|{_BARE})[^,;]{{0,120}}\b(?:{_AUTHORED}|written)\b"
    rf"|\b(?:who|{_GROUP}) (?:is|was|were|are) (?:{_AS_SUBJECT}|{_BARE})[^,;]{{0,120}}\b(?:{_AUTHORED}|written) by\b"
    rf"|\b(?:{_AUTHORED}|written) by whom\b"
    rf"|\b{_GROUP} (?:is|are|was|were|do|does|did) {_AS_SUBJECT}[^,;]{{0,120}}\b(?:from|at|of|with|by|made|developed|created)\W*$"
    r"|\bauthors?\b.{0,60}\baffiliat\w+|\baffiliat\w+ .{0,40}\b(?:authors?|papers?)\b|^\W*whose names?\b"
    r"|^\W*(?:(?:what are|list|name|give|tell|show)(?: me)? )?(?:the )?(?:authors?['’]?s? names?|names? of (?:the|its|their|all) "
    r"authors?)\b", re.IGNORECASE,
)  # fmt: skip
# Who thought of a thing: that a paper's authors did is known of what the paper is called by alone.
_CREDIT = re.compile(
    r"^\W*(?:(?:and|so|but|then|also)\W+)*who (?:(?:first|originally|initially|has|had|have) )*"
    r"(?:proposed|introduced|invented|developed|discovered|devised|designed|created|came up with) (?P<what>.+?)\W*$",
    re.IGNORECASE,
)  # fmt: skip
_OF_MORE = rf"\bwhich(?: {_THING})? (?:has|had|have)(?: the)? (?P<more>more|fewer|most|fewest)"
_HAS_MORE = rf"^\W*(?:does|do|did) {_NAMED}.{{0,120}}? have (?:more|fewer|as many)"
_AUTHOR_COUNT = re.compile(
    r"\bhow many (?:\w+ )?(?:co-?)?authors\b|\bauthor count\b|\bnumber of (?:co-?)?authors\b"
    r"|\bhow many (?:\w+ )?(?:people|persons|researchers|scientists|writers) (?:\w+ )?"
    rf"(?:(?:co-?)?authored|wrote|published|contributed to|worked on|behind) {_AS_OBJECT}"
    rf"|\bhow many writers (?:do|does|did) {_AS_SUBJECT}"
    rf"|(?:{_OF_MORE}|{_HAS_MORE}) (?:co-?)?authors\b(?=\W*$|{_ITEMS}| than\b| as\b)", re.IGNORECASE,
)  # fmt: skip
_COMMENTS = re.compile(
    rf"\bhow many comments (?:(?:does|do|did|has|have) {_AS_SUBJECT}|(?:are|were) (?:\w+ )?(?:on|for|of) {_AS_OBJECT})"
    rf"|(?:{_OF_MORE}|{_HAS_MORE}) comments\b(?=\W*$|{_ITEMS}| than\b| as\b)"
    r"|\bcomment count\b|\bnumber of comments\b|\bmost commented\b", re.IGNORECASE,
)  # fmt: skip


# "The gorilla paper", but not "the paper", "the first paper" and "the paper S2FT".
_CALLED = re.compile(
    r"\b(?:the|that) (?P<name>(?:(?!(?:an?|the|that|this|of|for|in|on|from|by|with|to|at|about|or|is|are|was|were|did|does|do|has"
    rf"|have|who|which|when|wrote|write|written|{_ONE_WORK})\b)[\w'’+-]+ ){{1,5}}){_ONE_WORK}(?! (?-i:[“\"A-Z]))", re.IGNORECASE,
)  # fmt: skip
_SAYS_NO_NAME = frozenset(
    """first second third fourth fifth last latest newest oldest earliest next previous earlier later original initial other
    another same whole full entire new newer recent old older main best better only actual current following above below said
    given chosen selected cited mentioned relevant corresponding companion accompanying underlying research scientific academic
    journal conference workshop arxiv review position white short long published most more highly influential famous seminal
    pioneering classic two three four five authors author author's authors' model method approach technique system framework
    algorithm data dataset benchmark code result results work""".split()
)

# Where another question begins in one: "What is X and who wrote it?", "When did X appear? Who …", but not "X, which is a …".
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|can|could)"
_ANOTHER = (
    rf"(?:who|whose|what|how|why|by whom|(?:in|on|at|for|to|with) (?:what|which)|when (?={_AUXILIARY}\b|\W*$)"
    rf"|{_AUXILIARY} (?:it|its|they|their|the|this|that|there|(?-i:[A-Z]))"
    r"|(?:list|name|describe|explain|summari[sz]e|give me|tell me) (?:its|their|the|how|what|why|who|when|where)\b)"
)
_JOINT = re.compile(
    r"(?:[?;.!] (?:(?:and|but|also) )?|,? (?:and|but|plus) (?:also |then )?)"
    rf"(?={_ANOTHER}|which |where )|, (?={_ANOTHER})", re.IGNORECASE,
)  # fmt: skip

_COUNTS_COMPARED = re.compile(rf"{_OF_MORE} (?P<what>authors|comments)\W*$", re.IGNORECASE)
# What a follow-up carries over from the turn before it (`assistant.questions.followups.standalone`) is not what it asks.
_CARRIED_OVER = re.compile(r" \((?:about “|after: ).*\)$")

# What a question says of a record beside the name.
_OF_RECORDS = term_set(
    "publish release come appear out year date month day write wrote written author authors people paper article first many "
    "count propose introduce print comment comments team group organisation organization company"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What printed metadata a question asks for; `order` says which of several papers' dates come first, "newest" or "oldest",
    or which of their counts, "most authors" and the like; "" where they are not compared."""

    date: bool
    people: bool
    author_count: bool
    comments: bool
    order: str = ""

    @property
    def of_one(self) -> bool:
        """True where something is asked for, and no papers are compared."""
        return (self.date or self.people or self.author_count or self.comments) and not self.order


def asked_now(text: str) -> str:
    """A follow-up without what it carries over from the turn before it."""
    return _CARRIED_OVER.sub("", text)


def clauses(text: str) -> list[str]:
    """The questions that stand side by side in one, with what comes before the first: "What is NOLA", "who wrote it?"."""
    begins = text.find(" ") + 1  # "Where and when did it appear?" is one
    first, *others = _JOINT.split(text[begins:])
    return [text[:begins] + first, *others]


def paper_called(text: str) -> str:
    """What the one paper is called whose metadata the question `text` asks for: "gorilla" of "When was the original gorilla paper
    written?"; "" where it calls none so, or several."""
    found = [match["name"].replace("’", "'").split() for match in _CALLED.finditer(asked_now(text))]
    words = [word for word in (found[0] if len(found) == 1 else ()) if word.lower() not in _SAYS_NO_NAME]
    return " ".join(words) if term_set(" ".join(words)) and not all(map(str.isdigit, words)) else ""


def named_alone(text: str, names: Sequence[str]) -> str:
    """The one name of `names` whose record alone the question `text` asks for, "ResNet" of "When was ResNet published?"; "" where
    it asks more, as of a paper that prunes ResNet, or carries something over."""
    is_alone = len(names) == 1 and asked_now(text) == text and not {*terms(text)} - {*terms(names[0])} - _OF_RECORDS
    return names[0] if is_alone else ""


def asked_metadata(text: str) -> Asked:
    """What of a paper's printed metadata the question `text` asks for, in any of its parts."""
    text = asked_now(text)
    parts = list(dict.fromkeys([text, *clauses(text)]))

    def asks(pattern: re.Pattern[str]) -> bool:
        return any(map(pattern.search, parts))

    return Asked(
        date=asks(_WHEN),
        people=asks(_WHO),
        author_count=asks(_AUTHOR_COUNT),
        comments=asks(_COMMENTS),
        order=_order_asked(text),
    )


def credited(text: str) -> str:
    """The thing of which it is asked who thought of it: "the Fine-Gray model" of "Who proposed the Fine-Gray model?"; "" where
    that is not asked."""
    asked = _CREDIT.match(asked_now(text))
    return asked["what"] if asked else ""


def _order_asked(text: str) -> str:
    if _DATES_COMPARED.search(text):
        return "newest" if _NEWER.search(text) else "oldest"
    if counts := _COUNTS_COMPARED.search(text):
        return f"{'fewest' if counts['more'].lower().startswith('few') else 'most'} {counts['what'].lower()}"
    return ""
