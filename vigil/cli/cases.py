"""`vigil cases`: score the reports of a quarter through the endpoint, and send what turned out to be true of them."""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from vigil.cli.errors import FAILED, told_plainly
from vigil.scoring.models import MOST_CASES

if TYPE_CHECKING:
    from vigil.scoring.batches import Batch, Left

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)
errors = Console(highlight=False, stderr=True)

USUAL_BATCH = 50
Archive = Annotated[Path, typer.Argument(help="A FAERS archive, one quarter: a zip or an unpacked folder.")]
Start = Annotated[int, typer.Option(min=0, help="How many cases to pass over first.")]
Count = Annotated[int | None, typer.Option(min=1, help="How many cases; all without it.")]
Size = Annotated[int, typer.Option("--batch", min=1, max=MOST_CASES, help="Cases in one request.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")]


@app.callback()
def cases() -> None:
    """Score the reports of a quarter through the endpoint, and send what turned out to be true of them."""


@app.command()
def score(
    archive: Archive,
    start: Start = 0,
    count: Count = None,
    batch: Size = USUAL_BATCH,
    interval: Annotated[float, typer.Option(min=0, max=3600, help="Seconds from request to request, at least.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Score a quarter's reports, as known at intake. No case is printed; batches that fail are counted."""
    from vigil.aws.case_scoring import score as score_batches
    from vigil.aws.environment import aws_client, load_parameters
    from vigil.cases.archive import ArchiveError
    from vigil.scoring.batches import Left

    left = Left()
    with told_plainly("cases score", ArchiveError), _progress(as_json, "scoring") as advance:
        endpoint = load_parameters().sagemaker.endpoint
        found = _until_stopped(_batches(archive, start, count, batch, left))
        done = score_batches(found, endpoint, aws_client("sagemaker-runtime"), advance, interval)
    told = {
        "endpoint": endpoint, "batches": done.batches, "cases": done.cases, "failed_cases": done.failed_cases,
        "errors": dict(done.errors), "bands": dict(sorted(done.bands.items())), "models": sorted(done.models),
        "no_reports": left.fields, "seconds": round(done.seconds, 2),
    }  # fmt: skip
    _tell(told, as_json)
    if done.errors or not done.batches:
        raise typer.Exit(FAILED)


@app.command()
def labels(
    archive: Annotated[Path | None, typer.Argument(help="The archive that was scored; or --file.")] = None,
    file: Annotated[Path | None, typer.Option(help="JSON Lines with inference_id, case_id and serious.")] = None,
    share: Annotated[float, typer.Option(min=0, max=1, help="Of how many of the cases a label has come.")] = 1.0,
    late: Annotated[int, typer.Option(min=0, max=8784, help="How many hours from now the labels arrive.")] = 0,
    start: Start = 0,
    count: Count = None,
    batch: Size = USUAL_BATCH,
    as_json: AsJson = False,
) -> None:
    """Send ground truth: of an archive's batches, with the options they were scored with, or of another system."""
    from vigil.aws.case_scoring import put_ground_truth
    from vigil.aws.clock import server_time
    from vigil.aws.environment import aws_client, load_parameters
    from vigil.cases.archive import ArchiveError
    from vigil.monitoring.label_records import LabelError
    from vigil.scoring.batches import Left

    if (archive is None) == (file is None):
        raise typer.BadParameter("name the archive that was scored, or --file with labels of another system")
    left = Left()
    with told_plainly("cases labels", ArchiveError, LabelError, OSError, UnicodeDecodeError):
        if file is not None:
            lines = _of_file(file)
        else:
            lines = _of_batches(_batches(archive or Path(), start, count, batch, left), share)
        parameters, arrived = load_parameters(), server_time() + timedelta(hours=late)
        place = put_ground_truth(lines, arrived, parameters, aws_client("s3"))
    told = {"requests": len(lines), "labels": sum(map(_count, lines)), "place": place, "no_reports": left.fields}
    _tell(told, as_json)


def _until_stopped(batches: Iterator[Batch]) -> Iterator[Batch]:
    """SIGTERM ends it after the batch that is on its way, and what was done until then is told."""
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    for each in batches:
        if stopped:
            return
        yield each


def _batches(archive: Path, start: int, count: int | None, size: int, left: Left) -> Iterator[Batch]:
    """Curated in process, on DuckDB; the rows in order of case id."""
    from vigil.datasets.quarter_record import CASES_FILE
    from vigil.datasets.quarters import curate_quarter
    from vigil.scoring.batches import batches

    with tempfile.TemporaryDirectory(prefix="vigil-cases-") as folder:
        target = Path(folder) / "quarter"
        quarter = curate_quarter(archive, target)
        rows = islice(_rows(target / CASES_FILE), start, None if count is None else start + count)
        yield from batches(quarter.quarter, rows, size, left)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        for group in file.iter_batches(10_000, use_threads=False):
            yield from group.to_pylist()


def _of_batches(found: Iterator[Batch], share: float) -> list[str]:
    from vigil.monitoring.label_records import record
    from vigil.scoring.batches import labels_of

    chosen = ((each.inference_id, labels_of(each, share)) for each in found)
    return [record(inference_id, known) for inference_id, known in chosen if known]


def _of_file(path: Path) -> list[str]:
    from vigil.monitoring.label_records import read_labels, records

    with path.open(encoding="utf-8") as lines:
        return list(records(read_labels(lines)))


def _count(line: str) -> int:
    return len(json.loads(json.loads(line)["groundTruthData"]["data"]))


@contextmanager
def _progress(quiet: bool, what: str) -> Iterator[Callable[[Batch], None]]:
    """Cases and requests so far, on a terminal; how many there will be is known only at the end."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal) as shown:
        task, cases_done, requests = shown.add_task(f"{what}: curating the archive"), 0, 0

        def advance(done: Batch) -> None:
            nonlocal cases_done, requests
            cases_done, requests = cases_done + len(done.reports), requests + 1
            shown.update(task, description=f"{what}: {cases_done:,} cases in {requests:,} requests")

        yield advance


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, sort_keys=True))
        return
    width = max(map(len, told))
    for name, value in told.items():
        shown = ", ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else value
        shown = ", ".join(shown) if isinstance(shown, list) else shown
        console.print(f"{name.replace('_', ' '):{width}}  {'none' if shown in (None, '') else shown}", soft_wrap=True)
