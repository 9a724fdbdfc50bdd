"""What a run leaves as a whole: the Report with its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.evaluation.outcomes import by_paper, risk_coverage
from assistant.evaluation.results import Result, Spent, question_record
from assistant.evaluation.statistics import Figure, Gain
from assistant.records import counted

FORMAT = 3


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run over `results`, over all of them, for each type of question and for files of papers.

    `gains` say what the pipeline adds over simpler ways; `not_run` says of what was not measured why not. `setup`
    holds hashes of what was measured: settings, papers, code and test set. `interrupted` is True where the run was stopped
    before its end; `asked_of` is how many questions it was to ask. `timings` are figures of seconds.
    """

    mode: str
    results: tuple[Result, ...]
    figures: tuple[Figure, ...]
    by_type: dict[str, tuple[Figure, ...]]
    by_source: dict[str, tuple[Figure, ...]] = field(default_factory=dict)
    gains: tuple[Gain, ...] = ()
    not_run: dict[str, str] = field(default_factory=dict)
    setup: dict[str, str] = field(default_factory=dict)
    asked_of: int = 0
    interrupted: bool = False
    timings: tuple[Figure, ...] = field(default=(), compare=False)
    seconds: float = field(default=0.0, compare=False)

    def figure(self, name: str) -> Figure:
        """The figure called `name`. Raises KeyError where there is none."""
        return {figure.name: figure for figure in self.figures}[name]

    @property
    def failed(self) -> tuple[Result, ...]:
        """The results that could not be asked: infrastructure, not answers."""
        return tuple(result for result in self.results if result.error)

    @property
    def judge_failure(self) -> str:
        """What the judge left without a verdict, in a sentence; "" where it judged everything."""
        missing, wanted, error = _unjudged(self.results)
        if not missing:
            return ""
        return f"the judge gave no verdict on {missing:,} of {counted(wanted, 'thing')} to judge: {error}"

    @property
    def judge_failed(self) -> bool:
        """Whether the judge could not be read for most of what it was to judge: what is left says nothing."""
        missing, wanted, _ = _unjudged(self.results)
        return 2 * missing > wanted

    @property
    def risk_coverage(self) -> list[tuple[float, float, float]]:
        """(share answered, share of it wrong, threshold) as the threshold falls: see `outcomes.risk_coverage`."""
        return risk_coverage(self.results)

    @property
    def spent(self) -> dict[str, Spent]:
        """What the run cost: "answers", then each baseline with a model, then "judging", where there were any."""
        spent = {"answers": sum((result.spent for result in self.results), Spent())}
        for result in self.results:
            for name, rival in result.rivals.items():
                spent[name] = spent.get(name, Spent()) + rival.spent
        judging = sum((result.judging for result in self.results), Spent())
        return spent | ({"judging": judging} if judging.calls else {})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, the same for the same answers: what depends on the clock is in `clock_dict`."""
        return {
            "format": FORMAT,
            "mode": self.mode,
            "setup": self.setup,
            "asked_of": self.asked_of,
            "interrupted": self.interrupted,
            "figures": [asdict(figure) for figure in self.figures],
            "by_type": _sliced(self.by_type),
            "by_source": _sliced(self.by_source),
            "by_paper": by_paper(self.results),
            "gains": [asdict(gain) for gain in self.gains],
            "not_run": self.not_run,
            "spent": {name: asdict(spent) for name, spent in self.spent.items()},
            "questions": [question_record(result) for result in self.results],
        }

    def clock_dict(self) -> dict[str, Any]:
        """The seconds of the run, of its questions by id, and their quantiles."""
        return {
            "seconds": round(self.seconds, 2),
            "figures": [asdict(figure) for figure in self.timings],
            "questions": {result.item.id: round(result.seconds, 4) for result in self.results},
        }


def _unjudged(results: Sequence[Result]) -> tuple[int, int, str]:
    """How many verdicts on answers are missing, of how many, and the first reason."""
    verdicts = [verdict for result in results for j in result.judgements for verdict in j.verdicts]
    return verdicts.count(""), len(verdicts), next((r.judge_error for r in results if r.judge_error), "")


def _sliced(slices: Mapping[str, tuple[Figure, ...]]) -> dict[str, Any]:
    return {name: [asdict(figure) for figure in figures] for name, figures in slices.items()}
