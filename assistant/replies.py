"""A model's reply as it streams: complete lines, without what a reasoning model thinks aloud."""

import re

# Reasoning models on local servers think in the text itself, from the start of a line; some servers send the end of it only.
# Tags elsewhere are words of an answer: "R1 reasons between <think> and </think>, and `</think>` ends it."
_TAG = r"(?:think(?:ing)?|reasoning)>"
_OPEN = re.compile(rf"<{_TAG}", re.IGNORECASE)
_OPEN_FIRST = re.compile(rf"\s*<{_TAG}", re.IGNORECASE)
_CLOSE = re.compile(rf"</{_TAG}", re.IGNORECASE)
_CLOSE_UNQUOTED = re.compile(rf"(?<![`\"'“‘])</{_TAG}", re.IGNORECASE)
_LONGEST_TAG = len("</reasoning>")
THOUGHT_ENDS = "</think>"  # a line of this says that all lines before it were thoughts


class Reply:
    """Takes pieces of a reply in any cut, gives its lines. `thought` is True once thinking was seen."""

    def __init__(self) -> None:
        self.thought = False
        self._inside = False
        self._buffer = ""

    def feed(self, piece: str) -> list[str]:
        """The lines that are complete with this piece."""
        self._buffer += piece
        lines: list[str] = []
        while True:
            if self._inside:
                end = _CLOSE.search(self._buffer)
                self._buffer = self._buffer[end.end() :] if end else self._buffer[-_LONGEST_TAG:]
                if not end:
                    return lines
                self._inside = False
            line, is_complete, rest = self._buffer.partition("\n")
            if opened := _OPEN_FIRST.match(line):
                self.thought, self._inside, self._buffer = True, True, self._buffer[opened.end() :]
            elif (ended := _CLOSE_UNQUOTED.search(line)) and not _OPEN.search(line, 0, ended.start()):
                self.thought, self._buffer = True, self._buffer[ended.end() :]
                lines = [THOUGHT_ENDS]
            elif is_complete:
                lines.append(line)
                self._buffer = rest
            else:
                return lines

    def end(self) -> str:
        """What is left when the reply is over: its last line, or "" where there is none."""
        return "" if self._inside else self._buffer
