"""`assistant eval`: run (also without its name), compare, gate, calibrate, generate, import, export, schema."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from assistant.errors import AssistantError, TestSetError, with_step
from assistant.records import counted
from assistant.terminal import INTERRUPTED, AsJson, DataDir, library_of, print_json, progress_bars

if TYPE_CHECKING:
    from assistant.evaluation import Calibrated, Item

# Exit codes of `gate`, apart from 1 and 2, with which any command fails.
GATE_CODES = {"ok": 0, "regression": 3, "infrastructure": 4, "cannot tell": 5}
_MEND = "mend that and run again"


class _RunByDefault(TyperGroup):
    """`eval TESTSET` and `eval --split dev` mean `eval run …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


eval_app = typer.Typer(
    cls=_RunByDefault,
    help="Measure retrieval, citations and abstention with a test set. `assistant eval [TESTSET]` means `eval run`.",
)


@eval_app.command()
def run(
    testset: Annotated[
        Path | None, typer.Argument(help="JSON Lines or CSV; the shipped set over the seeds when left out.")
    ] = None,
    split: Annotated[str, typer.Option(help="test, dev or all.")] = "test",
    output: Annotated[Path | None, typer.Option(help="A folder for report.html, report.json and junit.xml.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="A report to compare with, at the top of report.html.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only so many questions, the first ones.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Questions asked at a time.")] = 4,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds for one question.")] = 180.0,
    fresh: Annotated[bool, typer.Option(help="Ask and judge again what earlier runs have answered.")] = False,
    baselines: Annotated[
        bool,
        typer.Option(help="Where a model is set: also ask it alone, and as an ordinary chain (two calls a question)."),
    ] = True,
    judge: Annotated[
        int, typer.Option(min=0, max=20, help="How often a model judges each answer; 3 shows agreement.")
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the run may cost.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Ask every question of a test set and report. With --output, a run that was stopped goes on where it was.

    Exits with 4 where more than 2 % of the questions could not be asked, for instance as a model server failed, or where the
    judge gave no verdict on most of what it was to judge.
    """
    from assistant import evaluation
    from assistant.evaluation.printing import print_report
    from assistant.evaluation.testset import doubts, of_split

    before = evaluation.load_report(baseline) if baseline else None
    chosen = of_split(evaluation.load_testset(testset) if testset else evaluation.shipped_testset(), split)
    for doubt in doubts(chosen):
        typer.echo(f"assistant: {doubt}", err=True)
    if dry_run:
        _print_estimate(chosen[:limit], baselines, judge)
        return
    if before and not {(r.item.id, r.item.question) for r in before.results} & {
        (i.id, i.question) for i in chosen[:limit]
    }:
        raise TestSetError(
            "the baseline shares no question with this run; give one over the same test set"
        )  # before it costs
    cache = output / "answers.jsonl" if output else None
    if cache and fresh:
        cache.unlink(missing_ok=True)
    with library_of(data_dir, quiet=as_json) as opened, progress_bars(quiet=as_json) as progress:
        report = evaluation.evaluate(
            opened, chosen[:limit], progress, workers=workers, timeout=timeout, cache=cache, baselines=baselines,
            judge=judge, fresh=fresh,
        )  # fmt: skip
    comparison = evaluation.compare(before, report) if before and report.results else None
    page = evaluation.save_report(report, output, comparison) if output else None
    if as_json:
        clock = report.clock_dict()
        print_json({**report.to_dict(), "seconds": clock["seconds"], "timings": clock["figures"]})
    else:
        print_report(report, comparison)
        if page:
            typer.echo(f"the report is at {page}")
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if (verdict := evaluation.gate(report)).state == "infrastructure":
        typer.echo(with_step(f"assistant: {verdict.reasons[0]}", _MEND), err=True)
        raise typer.Exit(GATE_CODES["infrastructure"])
    if report.judge_failed:
        typer.echo(with_step(f"assistant: {report.judge_failure}", _MEND), err=True)
        raise typer.Exit(GATE_CODES["infrastructure"])


def _print_estimate(items: "list[Item]", baselines: bool, judge: int) -> None:
    from assistant.config import Config
    from assistant.evaluation.estimating import estimate, likely
    from assistant.evaluation.printing import print_spent

    config = Config()
    most, about = (work(config, items, baselines, judge) for work in (estimate, likely))
    typer.echo(
        f"{counted(len(items), 'question')}; "
        + ("nothing is asked yet" if most else "no model is set, so they cost nothing")
    )
    print_spent(about, "about ")
    print_spent(most, "at most ")


@eval_app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="The run before: a folder or its report.json.")],
    b: Annotated[Path, typer.Argument(help="The run after.")],
    as_json: AsJson = False,
) -> None:
    """Say whether run B is better or worse than run A, or that one cannot tell."""
    from assistant import evaluation
    from assistant.evaluation.printing import print_comparison

    comparison = evaluation.compare(evaluation.load_report(a), evaluation.load_report(b))
    if as_json:
        print_json(comparison.to_dict())
    else:
        print_comparison(comparison)


@eval_app.command()
def gate(
    report: Annotated[Path, typer.Argument(help="A folder or its report.json.")],
    baseline: Annotated[Path | None, typer.Option(help="The run that it must not fall behind.")] = None,
    delta: Annotated[float, typer.Option(min=0, max=1, help="How far a figure may fall, as a share.")] = 0.02,
) -> None:
    """Pass or fail a report: exit code 0 ok, 3 regression, 4 infrastructure failure, 5 cannot tell.

    Less than 90 % of the baseline's questions are an infrastructure failure; about fewer than 5 papers one cannot tell.
    """
    from assistant import evaluation

    try:
        before = evaluation.load_report(baseline) if baseline else None
        after = evaluation.load_report(report)
    except AssistantError as error:  # no report is no regression: the run before this step failed
        typer.echo(f"assistant: {error}", err=True)
        raise typer.Exit(GATE_CODES["infrastructure"]) from None
    result = evaluation.gate(after, before, delta)
    typer.echo(f"{result.state}: {'; '.join(result.reasons)}")
    for note in result.notes:
        typer.echo(note)
    raise typer.Exit(GATE_CODES[result.state])


@eval_app.command()
def calibrate(
    testset: Annotated[Path | None, typer.Argument(help="Questions of your own, answerable ones among them.")] = None,
    split: Annotated[str, typer.Option(help="test, dev or all.")] = "all",
    reset: Annotated[bool, typer.Option("--reset", help="Go back to what ships.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Fit this library's order of papers, and when it declines, to questions such as these.

    It keeps the share ASSISTANT_KEEP_ANSWERABLE of answerable ones. It takes 20 answerable questions that no other rule decides,
    or more. Each is asked again without its `relevant` papers: name all that answer it. What is measured afterwards on the same
    questions is too good: measure on others.
    """
    from dataclasses import asdict

    from assistant import evaluation
    from assistant.answering.abstention import OwnCalibration
    from assistant.evaluation.testset import of_split

    if (testset is None) is not reset:
        raise TestSetError("give a test set to calibrate with, or --reset")
    items = of_split(evaluation.load_testset(testset), split) if testset else []
    with library_of(data_dir, quiet=as_json) as opened, progress_bars(quiet=as_json) as progress:
        if reset:
            opened.calibration = OwnCalibration()
            print_json({"shift": 0.0}) if as_json else typer.echo(
                "the shipped order, estimate and threshold are in force"
            )
            return
        found = evaluation.calibrate(opened, items, progress)
        keep = opened.config.keep_answerable
    if as_json:
        print_json(asdict(found))
    else:
        _print_calibrated(found, keep)


def _print_calibrated(found: "Calibrated", keep: float) -> None:
    if found.ranking:
        before, now = found.ranking
        outcome = "its own are in force" if found.reordered else "too little: the shipped ones stay in force"
        typer.echo(
            f"order of the papers of {counted(found.ranked, 'question')}: nDCG@10 {before:.3f} as shipped, {now:.3f} with "
            f"weights of this library's own, each judged by the others; {outcome}"
        )
    what = "weights and threshold" if found.refitted else f"the threshold, by {found.shift:+.2f} in log odds,"
    typer.echo(f"moved {what} to keep {keep:.0%} of answerable questions")
    before, now = found.kept
    typer.echo(f"{found.count} answerable: {before:.0%} kept as shipped, {now:.0%} now, each judged by the others")
    if found.declined:
        before, now = found.declined
        typer.echo(
            f"{found.declined_count} unanswerable or without their papers: {before:.0%} declined as shipped, {now:.0%} now"
        )


@eval_app.command()
def schema() -> None:
    """Print the JSON Schema of a line of a test set."""
    typer.echo((Path(__file__).parent / "evaluation" / "testset.schema.json").read_text(encoding="utf-8").rstrip())


@eval_app.command()
def generate(
    output: Annotated[Path, typer.Argument(help="The JSON Lines file to write.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many questions.")] = 200,
    model: Annotated[
        bool, typer.Option(help="Let the model draft where one is set: one to three calls a paper.")
    ] = True,
    data_dir: DataDir = None,
) -> None:
    """Draft questions from the library's own papers for people to review, a third of them near misses."""
    from assistant.evaluation.drafting import draft
    from assistant.evaluation.formats import export_testset
    from assistant.evaluation.model_drafting import draft_with_model
    from assistant.evaluation.sections import dollars_in_words

    with library_of(data_dir) as opened, progress_bars() as progress:
        writer = opened.language_model() if model else None
        drafted = draft_with_model(writer, opened.papers(), limit, progress) if writer else None
        items = drafted.items if drafted else draft(opened.papers(), limit)
    for reason, count in sorted(drafted.rejected.items()) if drafted else ():
        typer.echo(f"left out {count}: {reason}")
    if drafted:
        typer.echo(f"{counted(drafted.spent.calls, 'call')}, US dollars {dollars_in_words(drafted.spent)}")
    if not items:
        raise TestSetError(
            "no question could be drafted from the papers: without a model that wants a question as a title or a sentence with "
            "one percentage; write questions by hand"
        )
    export_testset(items, output, "assistant")
    typer.echo(
        f"drafted {counted(len(items), 'question')} into {output} to review; then run 'assistant eval {output} --split all'"
    )


@eval_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file of ragas, deepeval or a public set; for SciFact its folder.")],
    output: Annotated[Path, typer.Argument(help="The JSON Lines file to write.")],
    data_dir: DataDir = None,
) -> None:
    """Turn another test set into ours: ragas, deepeval, SciFact, PubMedQA, QASA, ALCE or ScholarQABench.

    Contexts of ragas and deepeval become evidence where a paper of the library holds them verbatim. The papers that a public
    set brings with it are written beside OUTPUT, for `assistant add`.
    """
    from assistant.evaluation.formats import export_testset, import_testset
    from assistant.evaluation.public_sets import read_public_set

    if public := read_public_set(file):
        export_testset(public.items, output, "assistant")
        typer.echo(f"wrote {counted(len(public.items), 'question')} of {public.name} to {output}")
        if public.papers:
            papers = output.with_name(f"{output.stem}-papers.jsonl")
            public.save_papers(papers)
            typer.echo(
                f"wrote its {counted(len(public.papers), 'paper')} to {papers}, to add with 'assistant add {papers}'"
            )
        return
    with library_of(data_dir) as opened:
        items, lost = import_testset(file, opened.papers())
    export_testset(items, output, "assistant")
    missing = f"; left out: {counted(lost, 'context')} in no paper of the library" if lost else ""
    typer.echo(f"wrote {counted(len(items), 'question')} to {output}{missing}")


@eval_app.command()
def export(
    testset: Annotated[Path, typer.Argument(help="A test set in our form.")],
    output: Annotated[Path, typer.Argument(help="The JSON Lines file to write.")],
    form: Annotated[Literal["ragas", "deepeval"], typer.Option(help="Whose field names.")] = "ragas",
) -> None:
    """Write a test set with the field names of ragas or deepeval, and say what these cannot hold."""
    from assistant.evaluation import load_testset
    from assistant.evaluation.formats import export_testset, not_held

    items = load_testset(testset)
    export_testset(items, output, form)
    for lost in not_held(items):
        typer.echo(f"{form} holds {lost}" if lost.startswith("no ") else lost)
