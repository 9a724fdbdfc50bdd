"""A model's reply as it streams: complete lines, without what a reasoning model thinks aloud."""

import re

# Reasoning models on local servers think in the text itself; some servers send the end of it only.
_OPEN = re.compile(r"<(think(?:ing)?|reasoning)>", re.IGNORECASE)
_CLOSE = re.compile(r"</(?:think(?:ing)?|reasoning)>", re.IGNORECASE)
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
            start, stray = _OPEN.search(self._buffer), _CLOSE.search(self._buffer)
            if stray and (not start or stray.start() < start.start()):
                self.thought, self._buffer = True, self._buffer[stray.end() :]
                lines = [THOUGHT_ENDS]
            elif start:
                *complete, rest = self._buffer[: start.start()].split("\n")
                lines += [*complete, rest] if rest.strip() else complete
                self.thought, self._inside, self._buffer = True, True, self._buffer[start.end() :]
            else:
                *complete, self._buffer = self._buffer.split("\n")
                return lines + complete

    def end(self) -> str:
        """What is left when the reply is over: its last line, or "" where there is none."""
        return "" if self._inside else self._buffer
