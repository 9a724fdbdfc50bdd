"""Opinions of a language model on answers: is each claim supported by what it cites, is the answer correct?

Support follows ALCE (Gao et al. 2023): a claim counts where all its citations together say it; a citation counts where its
claim is supported, unless it alone does not say it and the others do without it. What the judge does not answer in the form
asked for is a failure of the judge: named, and never a 0 or a 1.
"""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.errors import ConfigError, ProviderError
from assistant.evaluation.baselines import COMPARED_IN, spent_of
from assistant.evaluation.json_replies import objects_in
from assistant.evaluation.results import Judgement, Result, Said, Spent
from assistant.library import Assistant
from assistant.prompts import load_prompt

if TYPE_CHECKING:
    from assistant.answering.generating import ModelWriter

SUPPORTED = "supported"
VERDICTS = {"support": (SUPPORTED, "not supported"), "correct": ("correct", "partly correct", "wrong")}
_GRADES = {"correct": 1.0, "partly correct": 0.5, "wrong": 0.0}
_CRAG = {"correct": 1.0, "partly correct": 0.5, "wrong": -1.0}  # Yang et al. 2024: perfect, acceptable, incorrect
_BATCH, _CHARACTERS = 20, 12_000  # items in one prompt, and their length
_KEPT = 50_000  # replies: a large set judged several times is paid for once
_UNREADABLE = "the judge’s reply holds no verdict in the form asked for"


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges results `times` times each with `model`; kept replies are used unless `fresh`."""

    model: "ModelWriter"
    times: int = 1
    fresh: bool = False

    def judge(self, result: Result) -> Result:
        """The result with judgements and their scores, and with the scores of what its rivals answered."""
        if result.error:
            return result
        judgements, spent, error = self._opinions(result)
        rivals = dict(result.rivals)
        for name, rival in result.rivals.items():
            if not rival.error:
                answer = Result(
                    result.item, "answered" if rival.answered else "not_found", "", rival.text, rival.claims
                )
                theirs, cost, failure = self._opinions(answer)
                spent, error = spent + cost, error or (f"{name}: {failure}" if failure else "")
                scores = {k: v for k, v in judged_scores(answer, theirs).items() if k in COMPARED_IN[name]}
                rivals[name] = replace(rival, scores=rival.scores | scores)
        scores = result.scores | judged_scores(result, judgements)
        return replace(
            result, judgements=tuple(judgements), judging=spent, judge_error=error, rivals=rivals, scores=scores
        )

    def _opinions(self, result: Result) -> tuple[list[Judgement], Spent, str]:
        """What the judge says of an answer, what that cost, and the first failure."""
        spent: list[Spent] = []
        errors: list[str] = []
        judgements: list[Judgement] = []
        for open_ones in (list(_support_to_judge(result)), _correctness_to_judge(result)):
            for batch in _batches([(judgement, _item(result, judgement)) for judgement in open_ones]):
                items = [item for _, item in batch]
                rounds = [self._verdicts(batch[0][0].about, items, n, spent, errors) for n in range(self.times)]
                given = zip(*rounds, strict=True)
                judgements += [replace(j, verdicts=verdicts) for (j, _), verdicts in zip(batch, given, strict=True)]
        return judgements, sum(spent, Spent()), errors[0] if errors else ""

    def _verdicts(
        self, about: str, items: Sequence[Mapping[str, str]], number: int, spent: list[Spent], errors: list[str]
    ) -> list[str]:
        """A verdict for each item, "" where the judge failed; one unreadable reply is asked for once more."""
        # Labels that no answer can know: a verdict that stands in an answer, and is repeated, is none of the judge's.
        key = hashlib.sha256(json.dumps([*items, about]).encode()).hexdigest()[:8]
        labels = [f"{key}-{index}" for index in range(1, len(items) + 1)]
        lines = [json.dumps({"label": k, **item}, ensure_ascii=False) for k, item in zip(labels, items, strict=True)]
        messages = load_prompt(f"judge_{about}").render(items="\n".join(lines))
        found: dict[str, str] = {}
        for attempt in ("", " again"):
            try:
                reply, usage = self.model.complete(messages, self.fresh, f"judge {number}{attempt}", _KEPT)
            except ProviderError as error:
                errors.append(str(error))
                break
            spent.append(spent_of(usage))
            found = verdicts_in(reply, labels, VERDICTS[about]) | found
            if len(found) == len(labels):
                break
        else:
            errors.append(_UNREADABLE)
        return [found.get(label, "") for label in labels]


def open_judge(assistant: Assistant, times: int, fresh: bool = False) -> Judge:
    """The judge of the settings: ASSISTANT_JUDGE_MODEL, else the model that answers. Raises ConfigError without one."""
    model = assistant.language_model(assistant.config.judge_model)
    if model is None:
        raise ConfigError("judging needs a language model; set OPENAI_API_KEY or OPENAI_BASE_URL")
    return Judge(model, times, fresh)


def judged(judge: Judge, results: Sequence[Result], workers: int) -> Generator[Result, None, None]:
    """The results as they are judged; closing it leaves what is not judged yet."""
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="judge")
    try:
        for future in as_completed([pool.submit(judge.judge, result) for result in results]):
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _shown(result: Result) -> list[Said]:
    return [claim for claim in result.claims if claim.shown] if result.answered else []


def _support_to_judge(result: Result) -> Iterator[Judgement]:
    """Every claim with all its citations; where there are several, each alone, and all but each."""
    for number, claim in enumerate(_shown(result)):
        everything = tuple(range(len(claim.citations)))
        parts = [everything] if everything else []
        if len(everything) > 1:
            parts += [(one,) for one in everything] + [_without(everything, one) for one in everything]
        for sources in dict.fromkeys(parts):
            yield Judgement("support", (), number, sources)


def _batches(pairs: Sequence[tuple[Judgement, dict[str, str]]]) -> Iterator[list[tuple[Judgement, dict[str, str]]]]:
    """What goes into one prompt together: so many items, and so many characters unless one alone has more."""
    batch: list[tuple[Judgement, dict[str, str]]] = []
    size = 0
    for pair in pairs:
        length = sum(map(len, pair[1].values()))
        if batch and (len(batch) == _BATCH or size + length > _CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(pair)
        size += length
    if batch:
        yield batch


def _without(everything: tuple[int, ...], one: int) -> tuple[int, ...]:
    return tuple(other for other in everything if other != one)


def _correctness_to_judge(result: Result) -> list[Judgement]:
    has_reference = result.item.answerable and bool(result.item.reference)
    return [Judgement("correct", ())] if has_reference and result.answered else []


def _item(result: Result, judgement: Judgement) -> dict[str, str]:
    if judgement.about == "correct":
        return {"question": result.item.question, "reference": result.item.reference, "answer": result.text}
    claim = _shown(result)[judgement.claim]
    cited = [claim.citations[source] for source in judgement.sources]
    return {"statement": claim.text, "evidence": "\n".join(f"{c.title}: {c.quote}" for c in cited)}


# Reading verdicts -----------------------------------------------------------------------------------------------------


def verdicts_in(reply: str, labels: Sequence[str], allowed: Sequence[str]) -> dict[str, str]:
    """Label -> verdict, from the JSON objects of a reply; a label without one allowed verdict, and only one, is left out."""
    said: dict[str, set[str]] = {}
    for label, verdict in (pair for pairs in objects_in(reply) for pair in pairs):
        said.setdefault(label, set()).add(" ".join(str(verdict).replace("_", " ").lower().split()).rstrip("."))
    return {k: next(iter(said[k])) for k in labels if len(said.get(k, ())) == 1 and said[k] <= {*allowed}}


# Scores ---------------------------------------------------------------------------------------------------------------


def judged_scores(result: Result, judgements: Sequence[Judgement]) -> dict[str, float]:
    """The judged scores of a result: each a mean over the repeats in which the judge gave every verdict that it needs."""
    scores: dict[str, float | None] = {}
    item = result.item
    if result.answered and _shown(result):
        known = {(j.claim, j.sources): j.verdicts for j in judgements if j.about == "support"}
        times = max((len(verdicts) for verdicts in known.values()), default=1)
        rounds = [{place: verdicts[n] for place, verdicts in known.items()} for n in range(times)]
        scores["judge: citation recall"] = _mean([_recall(result, verdicts) for verdicts in rounds])
        scores["judge: citation precision"] = _mean([_precision(result, verdicts) for verdicts in rounds])
    if not item.answerable:
        scores["judge: CRAG"] = -1.0 if result.answered else 1.0
    elif item.reference and not result.answered:
        scores |= {"judge: correct by the reference": 0.0, "judge: CRAG": 0.0}
    elif item.reference:
        given = [verdict for j in judgements if j.about == "correct" for verdict in j.verdicts]
        scores["judge: correct by the reference"] = _mean([_GRADES.get(verdict) for verdict in given])
        scores["judge: CRAG"] = _mean([_CRAG.get(verdict) for verdict in given])
    return {name: round(score, 9) for name, score in scores.items() if score is not None}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _recall(result: Result, verdicts: Mapping[tuple[int, tuple[int, ...]], str]) -> float | None:
    """The share of claims that their citations together support; a claim without any has none."""
    claims = [(n, tuple(range(len(claim.citations)))) for n, claim in enumerate(_shown(result))]
    given = [verdicts[place] if place[1] else "not supported" for place in claims]
    return None if "" in given else sum(verdict == SUPPORTED for verdict in given) / len(given)


def _precision(result: Result, verdicts: Mapping[tuple[int, tuple[int, ...]], str]) -> float | None:
    """The share of citations of supported claims that are needed or support alone; 0 where nothing is cited."""
    precise: list[bool] = []
    for number, claim in enumerate(_shown(result)):
        everything = tuple(range(len(claim.citations)))
        whole = verdicts[number, everything] if everything else "not supported"
        if whole == "":
            return None
        for one in everything:
            if whole != SUPPORTED or len(everything) == 1:
                precise.append(whole == SUPPORTED)
                continue
            alone, rest = verdicts[number, (one,)], verdicts[number, _without(everything, one)]
            if "" in (alone, rest) and alone != SUPPORTED and rest != "not supported":
                return None
            precise.append(alone == SUPPORTED or rest != SUPPORTED)
    return sum(precise) / len(precise) if precise else 0.0
