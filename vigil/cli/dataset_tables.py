"""What `vigil datasets` prints: releases, one version, the difference of two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from vigil.aws.releases import ReleaseRecord
from vigil.datasets.diff import DatasetDiff, RowChanges
from vigil.datasets.models import (
    DESCRIPTION_FILE,
    PROFILE_FILE,
    QUALITY_FILE,
    DatasetDescription,
    DatasetProfile,
    Distribution,
)
from vigil.datasets.quality import QualityReport

BAR = 24  # characters of the longest bar
SHOWN_VALUES = 8
SHOWN_COLUMNS = 12


def span(quarters: Sequence[str]) -> str:
    return quarters[0] if len(quarters) == 1 else f"{quarters[0]} to {quarters[-1]} ({len(quarters)})"


def _table(title: str, texts: Sequence[str], numbers: Sequence[str], wrapped: Sequence[str]) -> Table:
    """A table that loses no column on a narrow terminal: the columns ``wrapped`` give way, in lines more."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in texts:
        table.add_column(name, no_wrap=name not in wrapped, overflow="fold")
    for name in numbers:
        table.add_column(name, no_wrap=True, justify="right")
    return table


def print_releases(console: Console, releases: Sequence[ReleaseRecord]) -> None:
    title = "Released dataset versions, newest last"
    columns = ("version", "quarters", "profile", "engine", "released at")
    table = _table(title, columns, ("cases", "serious"), wrapped=("quarters", "profile", "released at"))
    for record in releases:
        table.add_row(
            record.short,
            span(record.quarters),
            record.profile,
            record.engine,
            record.released_at.strftime("%Y-%m-%d %H:%M:%S"),
            f"{sum(record.rows.values()):,}",
            "" if record.serious_rate is None else f"{record.serious_rate:.1%}",
        )
    console.print(table)


def print_version(console: Console, folder: Path) -> None:
    """The version whose files lie in ``folder``."""
    description = DatasetDescription.model_validate_json((folder / DESCRIPTION_FILE).read_bytes())
    quality = QualityReport.model_validate_json((folder / QUALITY_FILE).read_bytes())
    profile = DatasetProfile.model_validate_json((folder / PROFILE_FILE).read_bytes())
    title = f"Archives, quality profile {description.profile}"
    numbers = ("reports", "rejects", "cases", "serious")
    table = _table(title, ("quarter", "archive", "layout", "SHA-256"), numbers, wrapped=("archive", "layout"))
    for archive in description.archives:
        counts, figures = archive.counts, profile.quarters.get(archive.counts.quarter)
        table.add_row(
            *(counts.quarter, counts.name, counts.vintage, archive.sha256[:12], f"{counts.tables['DEMO'].rows:,}"),
            f"{sum(each.rejects for each in counts.tables.values()):,}",
            f"{figures.rows:,}" if figures else "0",
            f"{figures.serious_rate:.1%}" if figures else "",
        )
    console.print(table)
    splits = ", ".join(f"{name} {rows:,}" for name, rows in description.rows.items())
    passed = sum(result.passed for result in quality.results)
    console.print(f"Cases: {splits}. Quality rules: {passed} of {len(quality.results)} passed.")
    for result in quality.warnings:
        console.print(f"Warning: {result.rule}: {result.subject} is {result.measured}, wanted {result.bound}")
    for name, distribution in profile.columns.items():
        _print_distribution(console, name, distribution)


def _print_distribution(console: Console, name: str, distribution: Distribution) -> None:
    console.print(f"\n[bold]{name}[/bold]  missing {distribution.missing:.1%}")
    shown = distribution.shares if distribution.kind == "number" else distribution.shares[:SHOWN_VALUES]
    longest = max((share for _, share in shown), default=0.0) or 1.0
    width = max((len(value) for value, _ in shown), default=0)
    for value, share in shown:
        console.print(f"  {value:<{width}}  {'█' * round(BAR * share / longest):<{BAR}} {share:6.1%}", markup=False)


def print_diff(console: Console, found: DatasetDiff, with_ids: bool) -> None:
    if found.is_empty:
        console.print("The versions hold the same cases in the same splits.")
        return
    table = Table(title="Cases", title_justify="left")
    for name, justify in (("", "left"), ("cases", "right"), ("by split", "left"), ("first ids", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name, changes in (("came", found.came), ("went", found.went), ("changed", found.changed)):
        table.add_row(name, f"{changes.count:,}", _by_split(changes), _ids(changes) if with_ids else "(--ids)")
    table.add_row("same", f"{found.same:,}", "", "")
    table.add_row("in another split", f"{found.moved:,}", "", "")
    console.print(table)
    for change in found.schema_changes or ("the same columns",):
        console.print(f"Schema: {change}")
    if found.columns:
        by_count = sorted(found.columns.items(), key=lambda item: (-item[1], item[0]))
        console.print("Changed in: " + ", ".join(f"{name} {count:,}" for name, count in by_count))
    console.print(_distributions(found))


def _distributions(found: DatasetDiff) -> Table:
    table = Table(title="Distributions, largest distance first", title_justify="left")
    table.add_column("column")
    table.add_column("distance", justify="right")
    table.add_column("missing", justify="right")
    table.add_column("what shifted most")
    ranked = sorted(found.distributions.items(), key=lambda item: (-item[1].distance, item[0]))
    for name, drift in ranked[:SHOWN_COLUMNS]:
        shifts = ", ".join(f"{shift.value} {shift.before:.1%} → {shift.after:.1%}" for shift in drift.shifts[:2])
        table.add_row(name, f"{drift.distance:.3f}", f"{drift.missing:+.1%}", shifts)
    return table


def _by_split(changes: RowChanges) -> str:
    return ", ".join(f"{split} {count:,}" for split, count in changes.by_split.items())


def _ids(changes: RowChanges) -> str:
    more = " …" if changes.count > len(changes.first_ids) else ""
    return ", ".join(map(str, changes.first_ids)) + more
