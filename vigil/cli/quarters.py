"""`vigil quarters`: land FAERS archives, and make synthetic ones of the same layout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vigil.cli.errors import told_plainly

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)

TABLES = ("DEMO", "DRUG", "REAC", "OUTC", "RPSR", "THER", "INDI")
AsJson = Annotated[bool, typer.Option("--json", help="Print only the S3 addresses, as a JSON list.")]


@app.command()
def land(
    files: Annotated[list[Path], typer.Argument(help="FAERS archives (zip), one quarter each.")],
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
    rows = [
        (summary.quarter, summary.lines, uri) for summary, uri in sorted(uploaded, key=lambda pair: pair[0].quarter)
    ]
    console.print(_lines_table("Landed", rows, "address"))


@app.command()
def synth(
    quarters: Annotated[str, typer.Option(help="A quarter, or a range such as 2024Q1:2024Q4.")] = "2024Q1:2024Q4",
    cases: Annotated[int, typer.Option(min=50, help="New cases in each quarter; FDA's have some 400,000.")] = 2600,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for the archives.")] = Path("data/raw"),
) -> None:
    """Write synthetic quarters in FDA's layout, drawn from aggregate figures: nobody's reports."""
    from vigil.cases.quarter import QuarterError, quarter_range
    from vigil.cases.synthetic.generate import generate

    with told_plainly("quarters synth", QuarterError):
        written = generate(quarter_range(quarters), cases, seed, out)
    rows = [(item.quarter, {**item.lines, "deleted": item.deleted}, str(item.path)) for item in written]
    console.print(_lines_table("Synthetic quarters", rows, "archive"))


def _lines_table(title: str, rows: Iterable[tuple[str, Mapping[str, int], str]], where: str) -> Table:
    rows = list(rows)
    extra = [name for name in ("deleted",) if any(name in lines for _, lines, _ in rows)]
    table = Table(title=f"{title} (lines of each table)", title_justify="left")
    table.add_column("quarter", no_wrap=True)
    for name in (*TABLES, *extra):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(where, overflow="fold")
    for quarter, lines, place in rows:
        table.add_row(quarter, *(f"{lines.get(name, 0):,}" for name in (*TABLES, *extra)), place)
    if len(rows) > 1:
        totals = (f"{sum(lines.get(name, 0) for _, lines, _ in rows):,}" for name in (*TABLES, *extra))
        table.add_row("all", *totals, "", style="bold")
    return table
