"""`vigil quarters`: land FAERS archives."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vigil.cli.errors import told_plainly

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)

TABLES = ("DEMO", "DRUG", "REAC", "OUTC", "RPSR", "THER", "INDI")
DELETED = "DELETE"  # as FDA names the list
AsJson = Annotated[bool, typer.Option("--json", help="Print only the S3 addresses, as a JSON list.")]


@app.callback()
def quarters() -> None:
    """Land FAERS archives."""  # beside one command, this keeps its name on the command line


@app.command()
def land(
    files: Annotated[list[Path], typer.Argument(help="FAERS archives, one quarter each: zips or unpacked folders.")],
    as_json: AsJson = False,
) -> None:
    """Check FAERS archives and upload them to the landing area of the stack's raw bucket."""
    from vigil.aws.landing import LandingError, upload
    from vigil.cases.archive import ArchiveError

    with told_plainly("quarters land", ArchiveError, LandingError):
        uploaded = upload(files)
    if as_json:
        typer.echo(json.dumps([uri for _, uri in uploaded]))
        return
    uploaded.sort(key=lambda pair: pair[0].quarter)
    print_lines("Landed", [(summary.quarter, summary.lines) for summary, _ in uploaded])
    for _, uri in uploaded:
        console.print(uri, soft_wrap=True)


def print_lines(title: str, rows: Sequence[tuple[str, Mapping[str, int]]]) -> None:
    """A table of the lines of each quarter's tables."""
    columns = [*TABLES, *([DELETED] if any(DELETED in lines for _, lines in rows) else [])]
    table = Table(title=f"{title}: lines of each table", title_justify="left")
    table.add_column("quarter", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for quarter, lines in rows:
        table.add_row(quarter, *(f"{lines.get(name, 0):,}" for name in columns))
    if len(rows) > 1:
        totals = (f"{sum(lines.get(name, 0) for _, lines in rows):,}" for name in columns)
        table.add_row("all", *totals, style="bold")
    console.print(table)
