"""Numbered parts of a paper, such as "Figure 2": which of them a question asks of, and what a text says that names them."""

import re

# How each kind may be spelt, after its name in full.
_KINDS = {
    "Figure": r"fig(?:ure)?s?",
    "Table": r"tab(?:le)?s?",
    "Algorithm": r"alg(?:orithm)?s?",
    "Equation": r"eq(?:uatio)?ns?|eqs?",
    "Listing": r"listings?",
    "Theorem": r"(?:theorems?|thm)",
    "Lemma": r"lemmas?",
    "Proposition": r"(?:propositions?|props?(?=\.))",
    "Corollary": r"corollar(?:y|ies)",
    "Definition": r"def(?:inition)?s?",
    "Example": r"(?<!for )examples?",
}
_NUMBER = r"[A-Z]?\.?\d{1,3}(?:\.\d{1,3})*"
_AND = r"(?:, ?(?:and |or )?| ?& ?| and | or | ?[-–] ?)"
# "Figure 2a" is one, "table 5x larger" and "example 2 times" are none.
_IS_NONE = r"(?![\d%-]|\.\d| (?:million|percent|times)\b|(?![a-wyz]\b)[a-z])"
_ASKED = {
    kind: re.compile(
        rf"\b(?P<kind>{spelt})\.? ?\(?(?:no\. ?|number |#)?(?P<first>{_NUMBER})(?P<more>(?:{_AND}{_NUMBER})*){_IS_NONE}",
        re.IGNORECASE,
    )
    for kind, spelt in _KINDS.items()
}
_EACH = re.compile(rf"(?P<to>[-–]) ?(?P<last>\d{{1,3}})(?!\.?\d)|{_NUMBER}")
_DASHES = ("-", "–")
_MOST = 10  # of "Tables 1-30"
_OTHERS = rf"(?:\(?{_NUMBER}[a-z]?\)?(?:, ?| ?& ?|,? and |,? or | ?[-–] ?))*"  # "Figures 1, 3 and 2"
_LETTER = r"(?:[a-z]\b|(?!\w))"


def parts_asked(text: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each numbered part that a question asks of, by its name, and a pattern of how texts name it: ("Figure 2", …) of "what does
    fig. 2 show?", two of "Tables 1-2"."""
    return tuple(
        (
            f"{kind} {number}",
            re.compile(rf"\b(?:{_KINDS[kind]})\.? ?{_OTHERS}\(?{re.escape(number)}{_LETTER}(?!\.?\d)", re.IGNORECASE),
        )
        for kind, asked in _ASKED.items()
        for found in asked.finditer(text)
        for number in _numbers(found)
    )


def without_parts(text: str) -> str:
    """The text without the numbered parts that it asks of, which are no names: "What do Figures 2 and 3 show?"."""
    for asked in _ASKED.values():
        text = asked.sub(" ", text)
    return text


def _numbers(found: re.Match[str]) -> list[str]:
    """The number of a part, and of "Figures 1, 3-5" all four; none of "Figure 1-2", which is one."""
    if not found["kind"].lower().endswith("s"):
        return [] if found["more"][:1] in _DASHES else [found["first"].upper()]
    numbers = [found["first"].upper()]
    for each in _EACH.finditer(found["more"]):
        if each["to"] and numbers[-1].isdigit():
            numbers += map(str, range(int(numbers[-1]) + 1, int(each["last"]) + 1))
        else:
            numbers.append((each["last"] or each[0]).upper())
    return numbers[:_MOST]
