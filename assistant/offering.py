"""What a model is shown: numbered evidence sentences within a token budget, as data that cannot pass for anything else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.citations import EvidenceSentence
from assistant.records import Passage
from assistant.tokens import count_tokens

RECORD = 0  # sentence number of a paper's title and metadata
# What could pass for a mark of ours, for a tag of our prompts, or, on a server of one's own, for a turn of the chat.
_MARK = re.compile(r"[\[【]\s*(\d+(?:[.,;\s–-]+\d+)*)\s*[\]】]")
_TAG = re.compile(r"</?\s*(evidence|system|user|assistant|conversation|claims)\b[^>]*>", re.IGNORECASE)
_TURN = re.compile(r"<\|([^|>]{1,40})\|>|<((?:start|end)_of_turn|/?s|bos|eos)>|\[/?(INST|SYS)\]|<</?(SYS)>>")


@dataclass(frozen=True, slots=True)
class Offered:
    """The numbered evidence of one question: what the prompt shows, and what each mark stands for."""

    text: str
    sentences: Mapping[str, EvidenceSentence]
    places: Mapping[str, tuple[Passage, int]]


def number_evidence(passages: Sequence[Passage], budget: int) -> Offered:
    """Numbers sentences as [passage.sentence] from 1, [P.0] for the record, best passages first, within `budget` tokens.

    Marks and tags that stand in a paper's own text are defused in the prompt, so that only ours count there; quotations
    are always cut from the store.
    """
    lines: list[str] = []
    sentences: dict[str, EvidenceSentence] = {}
    places: dict[str, tuple[Passage, int]] = {}
    left = budget
    for p, passage in enumerate(passages, 1):
        chunk = passage.chunk
        texts = [(RECORD, passage.paper.record)]
        if not chunk.is_record:
            texts += [(s, chunk.sentence(s - 1)) for s in range(1, len(chunk.sentences) + 1)]
        for s, text in texts:
            line = f"[{p}.{s}] {defused(text)}"
            left -= count_tokens(line) + 1
            if left < 0:
                return Offered("\n".join(lines), sentences, places)
            mark = f"{p}.{s}"
            lines.append(line)
            sentences[mark] = EvidenceSentence(mark, text, passage.text, passage.paper.record)
            places[mark] = (passage, s)
    return Offered("\n".join(lines), sentences, places)


def defused(text: str) -> str:
    """One line without brackets around numbers, tags that could end the evidence, or a chat template's own marks."""
    text = _MARK.sub(r"(\1)", " ".join(text.split()))
    text = _TURN.sub(lambda match: f"({next(filter(None, match.groups()))})", text)
    return _TAG.sub(r"(\1)", text)
