"""In which sections of a paper a question is answered that could be asked of any: a summary in abstract and conclusions."""

import re

from assistant.records import Chunk

_OF = r"(?:of|in|from|by|for)"
_POLITE = (
    r"^\W*(?:(?:please|pls|hi|hello|ok(?:ay)?|so|now|and|then|can|could|would|will|you|i|we|want|need|like|to|give|write|provide|show|"
    r"make|get|me|us|an?|the|one|short|brief|quick|general|concise|high-level)\b\W*)*"
)
_WHAT = r"(?:what(?:['’]?s| is| are| was| were)|tell me|list|name|summari[sz]e|describe|explain|state)"
_MAIN = r"(?:(?:the|its|their|main|key|central|core|major|overall|most important)\b\W*)*"
# "Explain this paper", but "Explain HFT" asks for what it is, wherever that is said.
_TELLING = re.compile(
    rf"{_POLITE}(?:explain|describe|tell (?:me |us )?about|(?:compare|contrast))\b(?P<of>.{{1,60}})$", re.IGNORECASE
)
_BRIEFLY = re.compile(
    r",? (?:briefly|in (?:just |at most )?[\w-]{1,20} (?:short |simple )?(?:sentences?|words|lines?|paragraphs?|bullets?"
    r"|bullet points?|terms))(?=\W{0,9}$)", re.IGNORECASE,
)  # fmt: skip
_GIST = (
    r"(?:contributions?|findings|results|conclusions?|ideas?|messages?|points|take-?aways?|claims?|goals?|aims?|purpose|gist|topics?"
    r"|novelty|summary|overview|highlights)"
)
_SUMMARY = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_POLITE}(?:summari[sz]e|sum up|outline|tl;?\s?dr|(?:summary|overview|outline|gist|abstract)(?: {_OF})?)\b(?P<of>.*)$",
        rf"{_POLITE}what(?:['’]?s| is| are)\b(?P<of>.{{0,200}}?) (?:all )?about\W*$",
        rf"{_POLITE}what (?:does|do|did)\b(?P<of>.{{0,200}}?) (?:do|say|propose|contribute|find|show|argue|present|introduce"
        r"|conclude|cover|discuss|tell (?:us|me))\W*$",
        rf"{_POLITE}(?:{_WHAT} )?{_MAIN}{_GIST}(?: {_OF}\b(?P<of>.{{1,200}}?))?\W*$",
    )
)
_DEICTIC = re.compile(
    r"(?:\W|\b(?:this|these|the|those|that|both|all|each|every|my|our|your|chosen|selected|given|of|one|two|three|four|five|\d+"
    r"|papers?|articles?|stud(?:y|ies)|works?|documents?|pdfs?|texts?|it|them|they|authors?|for me|please|in short)\b)*",
    re.IGNORECASE,
)  # fmt: skip
# What "Compare A and B" and "How do A and B differ?" say beside the names.
_COMPARING = re.compile(
    r"(?:\W|\b(?:and|or|with|to|from|between|against|compare[ds]?|comparison|contrast(?:ed)?|differ(?:ent|s)?|differences?"
    r"|distinguishes|versus|vs|in common|how|what|which|is|are|do|does|can|could|you|please|an?|the|main|key|major|briefly|have"
    r"|has|me|give|tell|explain|describe|both|two|papers?|methods?|approach(?:es)?|one|each other)\b)*", re.IGNORECASE,
)  # fmt: skip
_NUMBERED = r"^\W*(?:(?:\d+|[a-z]|[ivx]+)(?:\.\d+)*[.)]?\s+)?"
_MORE = r"(?: (?:and|&) [\w -]{1,40})?"
_CONCLUSIONS = re.compile(
    rf"{_NUMBERED}(?:conclusions?|concluding remarks|summary|discussion){_MORE}\W*$", re.IGNORECASE
)
_SECTIONS = (
    (re.compile(rf"{_NUMBERED}abstract\W*$", re.IGNORECASE), 0.8),
    (_CONCLUSIONS, 0.6),
    (re.compile(rf"{_NUMBERED}(?:introduction|overview|motivation|contributions){_MORE}\W*$", re.IGNORECASE), 0.4),
)
_OPENING = 0.3  # of a paper without such headings
_CONCLUDING = re.compile(r"\bconclu", re.IGNORECASE)


def summary_of(text: str) -> str | None:
    """What is to be summed up: a name or title, "" for the papers that are spoken of ("What is this paper about?"); None where
    the question asks for something else."""
    text = _BRIEFLY.sub("", text)
    for pattern in _SUMMARY:
        if asked := pattern.match(text):
            wanted = (asked["of"] or "").strip(" .,;:?!“”\"'")
            return "" if _DEICTIC.fullmatch(wanted) else wanted
    told = _TELLING.match(text)
    return "" if told and _DEICTIC.fullmatch(told["of"]) else None


def compares_alone(text: str) -> bool:
    """True where nothing is asked, names apart, but how things compare: "How do … and … differ?"."""
    return bool(_COMPARING.fullmatch(text))


def summing_up(question: str, chunk: Chunk) -> float:
    """How much more than others a passage says of what a paper does, or concludes where the question says so, in [0, 1]: by the
    heading that it stands under, or as the paper begins with it."""
    heading = chunk.heading or ""
    if _CONCLUDING.search(question) and _CONCLUSIONS.match(heading):
        return 1.0
    opening = _OPENING if chunk.section == 0 and not chunk.start else 0.0
    return next((weight for pattern, weight in _SECTIONS if pattern.match(heading)), opening)
