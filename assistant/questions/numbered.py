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
    "Proposition": r"prop(?:osition)?s?",
    "Corollary": r"corollar(?:y|ies)",
    "Definition": r"def(?:inition)?s?",
    "Example": r"examples?",
}
_NUMBER = r"[A-Z]?\.?\d{1,3}(?:\.\d{1,3})*"
_ASKED = {
    kind: re.compile(rf"\b(?:{spelt})\.? ?\(?(?:no\. ?|number |#)?({_NUMBER})(?![\d%-]|\.\d| (?:million|percent))", re.IGNORECASE)
    for kind, spelt in _KINDS.items()
}  # fmt: skip
_OTHERS = rf"(?:\(?{_NUMBER}[a-z]?\)?(?:, ?| ?& ?|,? and |,? or | ?[-–] ?))*"  # "Figures 1, 3 and 2"
_LETTER = r"(?:[a-z]\b|(?!\w))"


def parts_asked(text: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each numbered part that a question asks of, by its name, and a pattern of how texts name it: ("Figure 2", …) of "what does
    fig. 2 show?"."""
    return tuple(
        (
            f"{kind} {found[1].upper()}",
            re.compile(rf"\b(?:{_KINDS[kind]})\.? ?{_OTHERS}\(?{re.escape(found[1])}{_LETTER}(?!\.?\d)", re.IGNORECASE),
        )
        for kind, asked in _ASKED.items()
        for found in asked.finditer(text)
    )
