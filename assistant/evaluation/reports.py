"""What a run leaves as a whole: the Report with its figures, which is saved, loaded and compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import TestSetError
from assistant.evaluation.outcomes import by_paper, risk_coverage, stage_of
from assistant.evaluation.rendering import save_faces
from assistant.evaluation.results import Result, Spent, question_record, result_from
from assistant.evaluation.statistics import Figure, Gain, Paired
from assistant.files import write_whole
from assistant.records import counted

if TYPE_CHECKING:
    from assistant.evaluation.comparing import Comparison

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

    def save(self, folder: str | Path, comparison: "Comparison | None" = None) -> Path:
        """Writes report.json, timings.json, report.html and junit.xml into `folder`, and returns the path of report.html.

        `comparison` with a baseline stands at the top of the page. The reports of earlier runs into the same folder go on
        as a line each of history.jsonl.
        """
        folder = Path(folder)
        write_whole(folder / "report.json", _json(self.to_dict()))
        write_whole(folder / "timings.json", _json(self.clock_dict()))
        return save_faces(self, folder, comparison, [stage_of(result) for result in self.results])

    @classmethod
    def load(cls, path: str | Path) -> "Report":
        """The report that `save` wrote into a folder, or whose report.json is given. Raises TestSetError."""
        path = Path(path)
        path = path / "report.json" if path.is_dir() else path
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            clock_path = path.with_name("timings.json")
            clock = json.loads(clock_path.read_text(encoding="utf-8")) if clock_path.exists() else {}
            if record["format"] != FORMAT:
                raise ValueError(f"its format is {record['format']}, not {FORMAT}")
            return _report(record, clock)
        except OSError as error:
            raise TestSetError(f"{path} cannot be read ({error.strerror}); name a folder that eval wrote") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TestSetError(f"{path} is no report of this version ({error}); run 'assistant eval' again") from None


def _unjudged(results: Sequence[Result]) -> tuple[int, int, str]:
    """How many verdicts on answers are missing, of how many, and the first reason."""
    verdicts = [verdict for result in results for j in result.judgements for verdict in j.verdicts]
    return verdicts.count(""), len(verdicts), next((r.judge_error for r in results if r.judge_error), "")


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _sliced(slices: Mapping[str, tuple[Figure, ...]]) -> dict[str, Any]:
    return {name: [asdict(figure) for figure in figures] for name, figures in slices.items()}


def _figure(record: Mapping[str, Any]) -> Figure:
    return Figure(**{**record, "not_scored": tuple(record["not_scored"])})


def _gain(record: Mapping[str, Any]) -> Gain:
    return Gain(
        record["baseline"],
        _figure(record["ours"]),
        _figure(record["theirs"]),
        Paired(**record["change"]),
        record["verdict"],
    )


def _report(record: Mapping[str, Any], clock: Mapping[str, Any]) -> Report:
    seconds = clock.get("questions", {})
    return Report(
        mode=record["mode"],
        results=tuple(result_from({**q, "seconds": seconds.get(q["id"], 0.0)}) for q in record["questions"]),
        figures=tuple(map(_figure, record["figures"])),
        by_type={name: tuple(map(_figure, figures)) for name, figures in record["by_type"].items()},
        by_source={name: tuple(map(_figure, figures)) for name, figures in record["by_source"].items()},
        gains=tuple(map(_gain, record["gains"])),
        not_run=record["not_run"],
        setup=record["setup"],
        asked_of=record["asked_of"],
        interrupted=record["interrupted"],
        timings=tuple(map(_figure, clock.get("figures", []))),
        seconds=clock.get("seconds", 0.0),
    )
