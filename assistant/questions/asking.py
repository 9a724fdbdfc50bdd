"""What a question says to the assistant, as against what it asks of the papers: greetings and requests, talk about the library,
texts to be written. What is left of it is the topic."""

import re

from assistant.questions.numbers import SEVERAL, number

_PAPERS = (
    r"(?:papers?|articles?|publications?|preprints?|works?|stud(?:y|ies)|research|literature|documents?|sources?"
    r"|surveys?)"
)
ABOUT = r"(?:about|on|regarding|concerning|dealing with|related to|covering)"
_SAYING = (
    rf"(?:(?:is|are) {ABOUT}|deals? with|talks? about|looks? at|focus(?:es)? on|discuss(?:es)?|covers?|mentions?"
    r"|address(?:es)?)"
)
_THESE = r"(?:the|these|this|your|my|our)"
SHELF = rf"(?:here|in {_THESE} (?:library|collection|corpus|papers))"
_STORED = rf"(?:(?:do )?(?:you|we|i) have|are there|there are|{SHELF})"
_DATED = r"(?:from|of|in|published in) (?:\w+ )?(?:19|20)\d\d"
ON_TOPIC = rf"(?:{ABOUT}|that (?:are {ABOUT}|{_SAYING}))"
_THANKS = r"(?:thanks|thank you)(?: (?:so|very) much| a lot| in advance| again)?"
_I_AM = r"(?:i['’]?m|i am|we are|we['’]re)"
_LEARN = r"(?:know|learn|understand|read|see|hear|find(?: out)?|get)"
_SEVERAL = rf"(?:\d+|{SEVERAL}|several)"
_SOME = rf"(?:any|some|all|the|an?|few|more|other|recent|new|good|of|{_SEVERAL})"
_ASKING = r"(?:what|how|why|which|who|when|where|is|are|do|does|did|can|could|would|please|tell|explain|i)\b"
_READER = r"(?:student|researcher|postdoc|engineer|developer|scientist|reviewer|beginner|newcomer|novice|layman)\b"
# "Has anyone used …?", "Does anybody work on …?"
_EXISTS = (
    r"(?:has|have|does|do|did) (?:anyone|anybody|somebody"
    r"|any(?: other| recent)? (?:papers?|works?|stud(?:y|ies)|researchers?|authors?))"
    rf"(?: (?:ever|already|yet|else|{SHELF}))* (?:use[ds]?|tr(?:y|ies|ied)(?: to use)?|appl(?:y|ies|ied)|stud(?:y|ies|ied)"
    r"|investigate[ds]?|work(?:s|ed)? on|look(?:s|ed)? (?:at|into)|consider(?:s|ed)?|examine[ds]?|explore[ds]?"
    r"|address(?:es|ed)?|test(?:s|ed)?)\b"
)
_DIRECTLY = r"(?=[ ,:])"  # not in "name-based"
# "Which paper should I read first …?", "Where do I start reading …?"
_TO_READ = (
    rf"(?:(?:what|which)(?: of {_THESE})?(?: {_PAPERS})? (?:should|can|could|do|would|must) (?:i|we|one)"
    r" (?:read(?! off)|(?:start|begin)(?: reading)? with|look at)(?: first| next)?"
    r"|where (?:should|can|could|do|would|must) (?:i|we|one) (?:start|begin)(?: reading)?)"
)
# What may stand before a topic, once or several times: "Hi, could you please tell me something about otters?" Terse topics
# are left as they are: of the training questions, "teach a solver …" and "overview of ways …" say nothing to anyone.
_LEADS = (
    rf"(?:(?:hi|hello|hey)(?: there| again| all)?|good (?:morning|afternoon|evening|day)|{_THANKS}|well|sorry)(?=[,.!;:])",
    rf"(?:hi|hello|hey|ok(?:ay)?|please|pl[sz]|wa?ts?(?: is| are)?)(?=[ ,.!;:])|so(?=,| {_ASKING})",
    r"(?:(?:a |one )?(?:quick|more|another|next|last) |i have a )question\b(?: (?:about|on|for you)\b)?",
    rf"(?:as|{_I_AM}) an? (?:[\w-]+ ){{0,3}}?{_READER}[^,.;:?!]{{0,30}}?(?:, (?:and |so )?| and | so |[.;] )(?={_ASKING})",
    rf"(?:according to|based on|in|from) {_THESE} (?:papers?|library|collection|literature|sources|documents)(?= ?[,:])",
    r"(?:can|could|would|will) you(?: please| maybe| also| briefly)?\b",
    rf"help (?:me|us)(?: to)? {_LEARN}\b(?: this{_DIRECTLY})?",
    rf"(?:i (?:want|need|wish|would like|would love)|i['’]d (?:like|love)) (?:you )?to {_LEARN}(?: more)?(?: {ABOUT})?\b",
    rf"{_I_AM} (?:\w+ )?(?:(?:looking|searching) for|interested in|(?:curious|wondering)(?: about)?)\b",
    rf"{_I_AM} (?:\w+ )?trying to {_LEARN}(?: more)?(?: {ABOUT})?\b|i (?:wonder(?:ed)?|was wondering)\b",
    r"do you (?:happen to )?know\b(?: (?:anything|something|much|a lot) about\b)?",
    rf"what (?:do|can) (?:you|we|i|the papers|the library) (?:know|say|tell me|have|find) {ABOUT}\b",
    r"what (?:is|do we|are the papers) (?:known|know|saying) about\b|(?:what|how) about\b",
    rf"(?:explain|describe|summari[sz]e)(?: (?:to|for) (?:me|us))?{_DIRECTLY}|(?:list|name|enumerate){_DIRECTLY}",
    rf"(?:show|find|give|tell|teach) (?:me|us){_DIRECTLY}(?: (?:an? )?(?:short |brief |quick |general )?overview of\b)?"
    rf"(?:(?: (?:something|anything|everything|stuff|things|all|more|a bit|a little))? {ABOUT}\b)?",
    rf"tell about\b|(?:show|find|give|get|recommend|suggest)(?: (?:me|us))?"
    rf"(?= (?:{_SOME} )*{_PAPERS} (?:{_DATED} )?(?:{ON_TOPIC}|to read)\b)",
    rf"{_TO_READ}(?: (?:if (?:i|we) want |in order )?to {_LEARN}(?: more)?(?: {ABOUT})?| {ABOUT})\b",
    rf"{_I_AM} (?:\w+ )?new to\b",
    r"(?:an? |the )?(?:short |brief |quick |general |[a-z]{3,6}-(?:sentence|line|paragraph) )?summary of\b",
    rf"(?:(?:do (?:you|we) have|have you(?: got)?|are there|is there)(?: {_SOME})*|{_SOME}(?: {_SOME})*)"
    rf" (?:{_PAPERS}|anything|something|stuff|information|info)(?: {SHELF})?(?: {_DATED})? {ON_TOPIC}\b",
    _EXISTS,
    rf"(?:papers|articles|publications|anything|stuff|information|info)(?: {SHELF})?(?: {_DATED})? {ON_TOPIC}\b",
    rf"(?:which|what|how many)(?: of {_THESE})? {_PAPERS}(?:(?: {_STORED})+ {ON_TOPIC}|(?: that)? {_SAYING})\b",
)
_BEFORE = re.compile(rf"\W*(?:{'|'.join(_LEADS)})", re.IGNORECASE)
_AFTER = re.compile(
    rf"(?:(?<![ ,;.!?])[ ,;.!?]+(?:please|pl[sz]|{_THANKS}|{_TO_READ}|for me|in (?:the|your) library"
    r"|(?:in|across|among) (?:these|those|all(?: the| these)?|your|my|our) (?:papers|articles|documents)"
    r"|(?:in|with) simple (?:words|terms)"
    r"|like i(?:['’]?m| am) (?:five|5)))+(?=\W*$)", re.IGNORECASE,
)  # fmt: skip
# What turns to a question: "thanks! now, which …", "alright then, how …".
_TURNS = (
    r"ok(?:ay)?|alright|all right|anyways?|by the way|btw|next|(?:and )?now|so|then|moving on|(?:and )?(?:now )?something else"
    r"|(?:one|another) (?:more )?thing|different (?:question|topic)|change of (?:subject|topic)|new (?:question|topic|subject)"
)
_REACTS = (
    rf"{_THANKS}|thx|cool|excellent|fine|good|got it|great|hello|hey|hi|hm+|i see|interesting|makes sense|nice|perfect|right"
    r"|sorry|sure|that helps|understood|well|wow|yeah|yes"
)
_OPENING = re.compile(
    rf"\W*(?:(?:(?:{_TURNS}) )?(?:{_TURNS}|{_REACTS})(?: (?:then|now|so))?(?:[,.!;:…]+|\s[–—-]) +"
    rf"|(?:(?:{_TURNS}) +)+(?={_ASKING}|(?:list|name|show|find|give|get|compare|summari[sz]e|describe)\b))", re.IGNORECASE,
)  # fmt: skip
_SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks?|thank you|thx|ok(?:ay)?|bye|goodbye|help|test|"
    r"(?:what|how) can (?:you|i|we) (?:do|ask)|who are you|what are you|how are you)"
    r"(?:\W+(?:there|you|again|so much|very much|a lot|today|here|me|you do|thanks?))*\W*$", re.IGNORECASE,
)  # fmt: skip
_DOUBT = re.compile(
    r"^\W*(?:(?:but|and|hm+|well|ok(?:ay)?)\W+)*"
    r"(?:are you (?:really |quite |absolutely )?(?:sure|certain)(?: (?:about|of) (?:that|this|it))?"
    r"|is (?:that|this|it) (?:really |actually )?(?:true|correct|right|certain|reliable|a fact)|really|seriously|says who"
    r"|prove it|how (?:do|can) (?:you|i|we) (?:know|trust|verify|check) (?:that|this|it)|how (?:sure|certain) are you)\W*$",
    re.IGNORECASE,
)
# A question about the library holds nothing else: "the longest document that the model can process" is a topic.
_OF_LIBRARY = (
    r"how many (?:papers|documents|articles|publications)"
    r"|(?:newest|latest|most recent|oldest|earliest|longest|shortest) (?:paper|document|article|publication|work)s?"
    r"|(?:most|fewest) (?:authors|comments)|most commented|(?:most|least|best|highly) (?:cited|popular|downloaded|influential)"
)
_BESIDE = (
    "a|added|all|altogether|and|are|by|can|collection|could|did|do|does|find|from|give|has|have|hello|here|hi|hold|"
    "holds|i|in|is|it|know|library|list|listed|me|my|name|of|one|ones|our|papers?|documents?|articles?|please|s|show|so|tell|"
    f"the|them|there|these|this|total|us|we|what|which|with|you|your|{SEVERAL}"
)
_ABOUT_LIBRARY = re.compile(
    rf"^(?=.*\b(?:{_OF_LIBRARY})\b)(?:[\W\d]*\b(?:{_OF_LIBRARY}|{_BESIDE})\b)+[\W\d]*$", re.IGNORECASE
)
_LISTS_LIBRARY = re.compile(
    r"^(?=.*\b(?:papers|documents|articles|publications|library|collection|every (?:paper|document|article|publication))\b)"
    r"(?=.*\b(?:all|every|everything|list|library|collection|here|(?:you|we|i) have|you (?:hold|know)|are there|there are"
    r"|topics|themes|subjects|overview|about(?=\W*$))\b)"
    rf"(?:[\W\d]*\b(?:{_BESIDE}|about|an|available|brief|contains?|covers?|covered|enumerate|every|everything|get|main|overview"
    r"|publications|short|stored|subjects?|summar(?:y|ies|i[sz]e)|themes?|titles?|topics?|write)\b)+[\W\d]*$",
    re.IGNORECASE,
)
_COUNTS_RECORDS = re.compile(
    r"\bhow many (?:papers|documents|articles|publications)\b|\bnumber of papers\b", re.IGNORECASE
)
_HOW_MANY_WANTED = re.compile(
    rf"\b(\d{{1,3}}|{SEVERAL}) (?:\w+ ){{0,2}}(?:papers|documents|articles|publications)\b",
    re.IGNORECASE,
)
_LISTED_THINGS = re.compile(
    r"^\W*(?:(?:please|can|could|you)\W+)*(?:(?:list|name|enumerate|give|show|find|tell|suggest|recommend)(?: me| us)?|what are)"
    rf"(?: any| some| the| a| your)?(?: top| best| main)? (\d{{1,2}}|{SEVERAL}) (?:[\w-]+ ){{0,2}}?"
    r"(?:works|studies|surveys|methods|approaches|techniques|ways|models|data ?sets|benchmarks|algorithms)\b",
    re.IGNORECASE,
)
# "Explain it in two sentences", but not "How is order told in a sentence?"
_IN_SENTENCES = (
    rf"(?:in|with|using) (?:just |only |at most )?(?P<{{}}>an?|one|a single|\d{{{{1,2}}}}|{SEVERAL})"
    r" (?:short |simple |plain |brief )?(?:sentences?|bullet points?|bullets)"
)
_SENTENCES_WANTED = re.compile(
    rf"^\W*{_IN_SENTENCES.format('first')}[,:] |(?<=\w),? {_IN_SENTENCES.format('last')}(?=\W*$)", re.IGNORECASE
)
_TO_BE_SAID = re.compile(
    r"^\W*(?:(?:please|can|could|would|you|and|in)\W+)*(?:explain|describe|summari[sz]e|sum up|tell|define|outline|give|answer"
    r"|what(?:['’]s| is| are| does| do))\b", re.IGNORECASE,
)  # fmt: skip
# Papers of the library are counted, not those that a paper reviews: "how many papers does the survey cover?"
_COUNTS_PAPERS = re.compile(
    rf"\bhow many (?:of {_THESE} )?{_PAPERS}(?:(?: {_STORED})+ {ON_TOPIC}\b| {_SAYING}\b| {ON_TOPIC}\b.* {_STORED}\W*$)",
    re.IGNORECASE,
)
# "Which model is used in most papers?", "What is the most common data set?": no passage tells.
_OVER_ALL_PAPERS = re.compile(
    rf"\b(?:most|the majority of|half) (?:of )?(?:{_THESE} )?papers\b"
    r"|\bmost (?:common|popular|frequent|used|(?:commonly|frequently|often|widely)[ -]used) (?:[\w-]+ ){0,2}?(?:approach(?:es)?"
    r"|architectures?|benchmarks?|data ?sets?|methods?|metrics?|models?|techniques?|topics?)"
    rf"(?=\W*$| (?:in|across|among|of) {_THESE} )"
    # "What is the largest model in these papers?": each tells of its own.
    r"|\b(?:best|worst|largest|biggest|smallest|fastest|slowest|highest|lowest|strongest|weakest|longest|shortest|cheapest"
    r"|(?:most|least) (?!recent\b|authors|comments)\w+)\b(?: (?!authors|comments)[\w-]+){0,4}? (?:in|across|among|of|from) "
    rf"(?:all |any )?(?:of )?{_THESE}?(?: [\w-]+)? ?(?:papers|library|collection|corpus of papers)\b", re.IGNORECASE,
)  # fmt: skip
_FOR_PAPERS = re.compile(
    rf"^\W*(?:(?:{_SOME}|me|us|are|is|there|do|you|we|i|have|got|show|find|give|get|latest|tell|can|could|would|please|want|"
    r"need|like|am|['’]m|looking|for|know|to|see|hi|hello|hey)\W+)*"
    rf"(?:papers|articles|publications|preprints)(?: {SHELF})?(?: {_DATED})? {ON_TOPIC}\b"
    rf"|^\W*(?:is|are) there (?:{_SOME} )*(?:paper|works?|research|stud(?:y|ies)|literature)(?: {SHELF})? {ON_TOPIC}\b"
    rf"|^\W*{_EXISTS}", re.IGNORECASE,
)  # fmt: skip
_READING = re.compile(
    rf"\b{_TO_READ}\b|^\W*(?:please )?(?:recommend|suggest) (?:me |us )?(?:{_SOME} )*papers\b", re.IGNORECASE
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
# "How do I cite HFT?", "BibTeX for NOLA", "the APA reference of UL2", but not "Do models cite sources?"
_REFERENCE = re.compile(
    r"^\W*(?:(?i:please|can|could|would|you|i|me|us|we|want|need|give|show|get|make|write|what|is|the|a|an|where|find)\W+)*"
    r"(?:(?i:how (?:do|can|should|to)(?: (?:i|we|one|you))? )?[Cc]ite (?=[A-Z“\"]|(?:the|this|that|it)\b)"
    r"|(?:[\w-]+ )?(?i:bib ?tex|bibliography)(?i: entry| entries)?(?: for\b| of\b|\W*$)"
    r"|(?:APA|MLA|IEEE|Chicago|Harvard)(?: style)? (?:citation|reference)s?\b"
    r"|(?i:citation|reference) (?:for|of|to) (?:the )?[A-Z“\"])"
)
_WORD = re.compile(r"\w")


def topic_of(text: str) -> str:
    """The question without what it says to the assistant: "can you tell me something about otters, please?" -> "otters"; all
    of it where it says nothing, or nothing else is left."""
    topic = _AFTER.sub("", text)
    while (said := _BEFORE.match(topic)) and _WORD.search(topic, said.end()):
        topic = topic[said.end() :]
    return topic.strip(" ,;:.?!") if topic != text and _WORD.search(topic) else text.rstrip(" ,;:.!") or text


def without_opening(text: str) -> str:
    """The question without the words that turn to it: "which is the newest?" of "thanks! now, which is the newest?"."""
    rest = text
    while opening := _OPENING.match(rest):
        rest = rest[opening.end() :]
    return rest if _WORD.search(rest) and not is_small_talk(text) else text


def is_small_talk(text: str) -> bool:
    """True for "Hello" and "What can you do?", which ask nothing of papers."""
    return bool(_SMALL_TALK.search(text))


def is_doubt(text: str) -> bool:
    """True for "Are you sure?" and "How do you know that?", which ask whether to believe an answer."""
    return bool(_DOUBT.search(text))


def is_about_library(text: str) -> bool:
    """True for questions about the library as a whole, which no passage answers: "What is the newest paper?"."""
    return bool(_ABOUT_LIBRARY.search(text))


def lists_library(text: str) -> bool:
    """True where the library's papers are to be listed, whatever they are about: "List all papers", "What is in the library?"."""
    return bool(_LISTS_LIBRARY.search(text))


def counts_records(text: str) -> bool:
    """True where papers are to be counted by what is printed of them: "How many papers are there?"."""
    return bool(_COUNTS_RECORDS.search(text))


def papers_wanted(text: str) -> int:
    """How many papers are asked for: 3 of "the three newest papers"; 0 where that is not said."""
    wanted = _HOW_MANY_WANTED.search(text)
    return number(wanted[1]) if wanted else 0


def things_wanted(text: str) -> int:
    """How many methods, data sets and the like are to be listed: 3 of "Name three methods that …"; 0 where that is not said."""
    wanted = _LISTED_THINGS.search(text)
    return number(wanted[1]) if wanted else 0


def sentences_wanted(text: str) -> tuple[int, str]:
    """In how many sentences to answer, 2 of "Explain it in two sentences", 0 where that is not said, and the rest of the text."""
    wanted = _SENTENCES_WANTED.search(text)
    if not wanted or not (wanted["first"] or _TO_BE_SAID.match(text)):
        return 0, text
    return number(wanted["first"] or wanted["last"]), text[: wanted.start()] + text[wanted.end() :]


def asks_for_papers(text: str) -> bool:
    """True where papers on a topic are asked for: "Are there papers about otters?", "Has anyone studied otters?"."""
    return bool(_FOR_PAPERS.search(text))


def counts_papers(text: str) -> bool:
    """True where the library's papers about a topic are to be counted: "How many papers are about otters?"."""
    return bool(_COUNTS_PAPERS.search(text))


def counts_over_all(text: str) -> bool:
    """True where something is to be counted or compared over all papers, which none of them says: "Which model do most papers
    use?", "What is the largest model in these papers?"."""
    return bool(_OVER_ALL_PAPERS.search(text))


def asks_what_to_read(text: str) -> bool:
    """True where reading is to be recommended: "What should I read about otters?"."""
    return bool(_READING.search(text))


def wants_reference(text: str) -> bool:
    """True where a paper's own citation is asked for: "How do I cite HFT?", "BibTeX for NOLA"."""
    return bool(_REFERENCE.search(text))


def wants_writing(text: str) -> bool:
    """True for a request to write a program, a poem or a letter."""
    return bool(_WRITING.search(text))
