"""Reports in folders: saved as JSON and in their other faces, and loaded again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.errors import TestSetError
from assistant.evaluation.comparing import Comparison
from assistant.evaluation.outcomes import stage_of
from assistant.evaluation.rendering import save_faces
from assistant.evaluation.reports import FORMAT, Report
from assistant.evaluation.results import result_from
from assistant.evaluation.statistics import Figure, Gain, Paired
from assistant.files import write_whole


def save_report(report: Report, folder: str | Path, comparison: Comparison | None = None) -> Path:
    """Writes report.json, timings.json, report.html and junit.xml into `folder`, and returns the path of report.html.

    `comparison` with a baseline stands at the top of the page. The reports of earlier runs into the same folder go on
    as a line each of history.jsonl.
    """
    folder = Path(folder)
    write_whole(folder / "report.json", _json(report.to_dict()))
    write_whole(folder / "timings.json", _json(report.clock_dict()))
    return save_faces(report, folder, comparison, [stage_of(result) for result in report.results])


def load_report(path: str | Path) -> Report:
    """The report that `save_report` wrote into a folder, or whose report.json is given. Raises TestSetError."""
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


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


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
