"""What a model is shown: numbered evidence sentences within a token budget, as data that cannot pass for anything else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.citations import EvidenceSentence
from assistant.records import Paper, Passage
from assistant.tokens import count_tokens

RECORD = 0  # sentence number of a paper's title and metadata
_RECORD_SHARE = 0.2  # of the budget; a record that takes more names three authors of its hundreds
_AUTHORS = 3
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

    A line that does not fit ends the evidence, but for one that could not fit anywhere and while no sentence is offered yet:
    those are passed over. Marks and tags that stand in a paper's own text are defused in the prompt, so that only ours count
    there; quotations are always cut from the store.
    """
    lines: list[str] = []
    sentences: dict[str, EvidenceSentence] = {}
    places: dict[str, tuple[Passage, int]] = {}
    left, has_sentence = budget, False
    for p, passage in enumerate(passages, 1):
        chunk = passage.chunk
        record = _short_record(passage.paper, int(budget * _RECORD_SHARE))
        texts = [(RECORD, record)]
        if not chunk.is_record:
            texts += [(s, chunk.sentence(s - 1)) for s in range(1, len(chunk.sentences) + 1)]
        for s, text in texts:
            line = f"[{p}.{s}] {defused(text)}"
            cost = count_tokens(line) + 1
            if cost > left:
                if has_sentence and cost <= budget:
                    return Offered("\n".join(lines), sentences, places)
                continue
            left -= cost
            has_sentence = has_sentence or s != RECORD
            mark = f"{p}.{s}"
            lines.append(line)
            sentences[mark] = EvidenceSentence(mark, text, passage.text, record)
            places[mark] = (passage, s)
    return Offered("\n".join(lines), sentences, places)


def _short_record(paper: Paper, limit: int) -> str:
    """The paper's record, with the first authors only ("A, B, C et al. · 2024") where it would take more than `limit` tokens."""
    if len(paper.authors) <= _AUTHORS or count_tokens(paper.record) <= limit:
        return paper.record
    *first, last = paper.authors[:_AUTHORS]
    return replace(paper, authors=(*first, f"{last} et al.")).record


def defused(text: str) -> str:
    """One line without brackets around numbers, tags that could end the evidence, or a chat template's own marks."""
    text = _MARK.sub(r"(\1)", " ".join(text.split()))
    text = _TURN.sub(lambda match: f"({next(filter(None, match.groups()))})", text)
    return _TAG.sub(r"(\1)", text)
