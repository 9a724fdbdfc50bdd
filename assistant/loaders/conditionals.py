"""TeX's conditionals, \\if… \\else … \\fi: what a document leaves out is no text of the paper.

\\iffalse and \\iftrue say it themselves, and flags of the document's own (\\newif) as they are set where they are asked. Of every
other conditional the first branch is kept, as nobody can tell without running TeX; never both, which may say the opposite.
"""

import re

_MARK = re.compile(
    r"\\\\|\\(?:newif\s*\\if(?P<flag>[A-Za-z@]+)|(?P<name>if[A-Za-z@]*|else|or|fi)(?![A-Za-z@])"
    r"|(?P<set>[A-Za-z@]{1,40}?)(?P<value>true|false)(?![A-Za-z@]))"
)
# What is compared: it stands before the text.
_TOKEN = r"\s*(?:\\[A-Za-z@]+|\\?[^\s\\])"
_NUMBERS = r"\s*[^\s{}]{0,80}"
_TESTS = {"ifx": _TOKEN * 2, "if": _TOKEN * 2, "ifcat": _TOKEN * 2, "ifdefined": _TOKEN, "ifnum": _NUMBERS, "ifdim": _NUMBERS,
          "ifodd": _NUMBERS, "ifcase": _NUMBERS, "ifcsname": r"[^\n]{0,80}?\\endcsname"}  # fmt: skip
_TEST = {name: re.compile(test) for name, test in _TESTS.items()}
_PRIMITIVE = {
    *_TESTS,
    "iftrue",
    "iffalse",
    "ifmmode",
    "ifvmode",
    "ifhmode",
    "ifinner",
    "ifvoid",
    "ifhbox",
    "ifvbox",
    "ifeof",
}
# Of packages: they take their branches in braces and have no \fi. So has \iff, a sign.
_IN_BRACES = re.compile(r"iff|ifundef|ifdef(?!ined$)[a-z]*")


def kept_branches(text: str) -> str:
    """`text` without the branches that are left out, and without the marks of those that stay."""
    marks = list(_MARK.finditer(text))
    owners = _owners(text, marks)
    flags: dict[str, bool] = {}
    branches: dict[
        int, tuple[bool, bool]
    ] = {}  # of the conditionals around: whether the present branch stays, and the next
    left_out = at = 0
    parts: list[str] = []
    for number, mark in enumerate(marks):
        if not left_out and mark["flag"]:
            flags[mark["flag"]] = False
        elif not left_out and mark["set"] in flags:
            flags[mark["set"]] = mark["value"] == "true"
        if (owner := owners.get(number)) is None:
            continue
        if not left_out:
            parts.append(text[at : mark.start()])
        at = mark.end()
        if owner == number:
            name = mark["name"]
            stays = {"iftrue": True, "iffalse": False}.get(name, flags.get(name[2:]))
            branches[number] = (stays is not False, stays is False)
            if name in _TEST and (test := _TEST[name].match(text, at)):
                at = test.end()
        elif mark["name"] == "fi":
            left_out -= not branches.pop(owner)[0]
            continue
        else:
            stayed, stays = branches[owner]
            left_out -= not stayed
            branches[owner] = (stays, False)
        left_out += not branches[owner][0]
    return "".join([*parts, text[at:]])


def _owners(text: str, marks: list[re.Match[str]]) -> dict[int, int]:
    """For the number of each mark of a whole conditional, the number of the mark that opens it."""
    declared = {mark["flag"] for mark in marks}
    whole: dict[int, int] = {}
    around: list[list[int]] = []
    for number, mark in enumerate(marks):
        name = mark["name"]
        if name is None:
            continue
        if name in ("else", "or", "fi"):
            if around:
                around[-1].append(number)
            if around and name == "fi":
                group = around.pop()
                whole |= dict.fromkeys(group, group[0])
        elif (
            name in _PRIMITIVE
            or name[2:] in declared
            or not (_IN_BRACES.fullmatch(name) or text[mark.end() : mark.end() + 20].lstrip().startswith("{"))
        ):
            around.append([number])
    return whole
