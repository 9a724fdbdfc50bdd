"""Questions asked in a roundabout way: "Was HFT published in 2022?" is read as when it was, "and HFT, what is that?" as what it
is."""

import re

_NAME = r"(?-i:[A-ZÀ-Þ][\w.'’-]*(?: (?:[a-zà-ÿ]{1,4} ){0,2}[A-ZÀ-Þ][\w.'’-]*)+)"  # of two words at least
_COUNT = (
    r"(?:\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|several|many|more|fewer|less|only|just|exactly|at|a)"
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = rf"(?:the year )?(?:{_MONTH} )?(?:\d{{1,2}}(?:st|nd|rd|th)?,? )?(?:{_MONTH},? )?(?:19|20)\d\d"
_WHEN = rf"(?:in|on|before|after|by|during) {_DATE}"
_SURELY = r"(?:really |actually |already |also |first )?"
_OF = r"(?P<of>.{1,200}?)"
_WROTE = r"(?:wrote|written|writes?|writing|works?|worked|working|published|publish(?:es)?|researche[sd])"
_END = r"\W*$"
_ASKED = tuple(
    (re.compile(pattern, re.IGNORECASE), openly)
    for pattern, openly in (
        (
            rf"^(?:does|do|did) {_OF} {_SURELY}have {_COUNT}\b[\w ]{{0,20}} (?:co-?)?authors?{_END}",
            "How many authors does {} have?",
        ),
        (rf"^(?:was|were|is) {_OF} {_SURELY}published {_WHEN}{_END}", "When was {} published?"),
        (rf"^did {_OF} (?:appear|come out) {_WHEN}{_END}", "When was {} published?"),
        (
            rf"^(?:is|was) {_NAME} {_SURELY}(?:an?|one of the|the (?:first|last|lead|only)) (?:co-?)?authors? of {_OF}{_END}",
            "Who wrote {}?",
        ),
        (rf"^(?:did|has|have) {_NAME} {_SURELY}(?:co-?)?(?:write|written|wrote|author|authored) {_OF}{_END}", "Who wrote {}?"),
        (
            rf"^(?:who(?: else)?|which (?:authors|researchers|people|groups|labs)) (?:(?:has|have|had|is|are) )?{_WROTE} "
            rf"(?:(?:any )?papers? |something )?(?:about|on) (?!(?:it|this|that|them|these|those)\b){_OF}{_END}",
            "Which papers are about {}?",
        ),
        (
            r"^(?:(?:please|(?:can|could) you|list|name|show|give|tell|me|us|who|what|are|the|all) )*authors "
            rf"(?:of|behind|on|for) (?:the |all )*(?:papers|articles|publications|work) (?:about|on) {_OF}{_END}",
            "Which papers are about {}?",
        ),
        (
            r"^(?:ok(?:ay)?\W+)?(?:(?:and|but|so) )*(?:(?:what|how) about )?"
            r"(?P<of>(?:(?!\b(?:it|its|this|that|these|those|they|them|their|what|how)\b)[^,:;?–—]){2,60}) ?"
            rf"[,:;?–—] ?(?:and )?what(?:['’]s| is| are) (?:it|this|that|those|they){_END}",
            "What is {}?",
        ),
    )
)  # fmt: skip
_PAPERS = r"(?P<papers>papers?|articles?|works?|publications?|preprints?)\b"
_SINGLE = re.compile(
    rf"\b(?:single|sole|solo|one)[- ]author(?:ed)? {_PAPERS}"
    rf"|\b{_PAPERS.replace('papers>', 'these>')} (?:(?:that|which) )?(?:are|were|is) (?:single|sole|solo)[- ]author(?:ed)?\b",
    re.IGNORECASE,
)


def asked_openly(text: str) -> str:
    """The question as it is asked plainly; `text` itself where it is none of these."""
    text = _SINGLE.sub(lambda match: f"{match['papers'] or match['these']} with one author", text)
    for pattern, openly in _ASKED:
        if match := pattern.match(text):
            return openly.format(match["of"])
    return text
