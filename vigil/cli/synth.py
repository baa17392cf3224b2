"""`vigil synth`: synthetic quarters in FDA's layout, with drift that really happened on demand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vigil.cli.errors import told_plainly

console = Console(highlight=False)

LIST = "list"


def synth(
    quarters: Annotated[str, typer.Option(help="A quarter, or a range such as 2024Q1:2025Q4.")] = "2024Q1:2024Q4",
    cases: Annotated[
        int, typer.Option(min=50, max=1_000_000, help="Reports in each quarter; FDA's have some 400,000.")
    ] = 2600,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 7,
    drift: Annotated[
        list[str] | None,
        typer.Option(help="NAME in the newest quarter, or NAME@QUARTER from it on; may be repeated. `list` explains."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the archives.")] = Path("data/raw"),
    as_json: Annotated[bool, typer.Option("--json", help="Print paths and counts as JSON.")] = False,
) -> None:
    """Write synthetic quarters in FDA's layout, drawn from aggregate figures: nobody's reports."""
    from vigil.cases.quarter import QuarterError, quarter_range
    from vigil.cases.synthetic.drift import DriftError, parse_drift
    from vigil.cases.synthetic.generate import generate
    from vigil.cli.quarters import DELETED, print_lines

    if drift == [LIST]:
        _print_scenarios()
        return
    with told_plainly("synth", QuarterError, DriftError):
        wanted = quarter_range(quarters)
        drifts = [parse_drift(text, wanted[-1]) for text in drift or ()]
        progress = (lambda _text: None) if as_json else (lambda text: console.print(text, style="dim"))
        written = generate(wanted, cases, seed, out, drifts, progress)
    if as_json:
        typer.echo(json.dumps([item.model_dump(mode="json") for item in written], indent=1))
        return
    print_lines("Synthetic", [(item.quarter, {**item.lines, DELETED: item.deleted}) for item in written])
    for item in written:
        console.print(str(item.path), soft_wrap=True)


def _print_scenarios() -> None:
    from vigil.cases.synthetic.drift import SCENARIOS

    table = Table(title="Drift that happened to FAERS", title_justify="left")
    table.add_column("--drift", no_wrap=True)
    table.add_column("what it does")
    for name, scenario in SCENARIOS.items():
        table.add_row(name, scenario.about)
    console.print(table)
