"""Write synthetic quarters as archives in FDA's own layout. The same arguments give the same bytes."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from vigil.cases.layout import Vintage, load_layouts
from vigil.cases.quarter import Quarter, QuarterError
from vigil.cases.synthetic.draw import Cases, draw_cases
from vigil.cases.synthetic.figures import Figures, load_figures
from vigil.cases.synthetic.rows import Version, lines_of

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # zip's own zero
COMPRESSION_LEVEL = 6


class WrittenQuarter(BaseModel):
    """One archive: its path, its quarter and the lines of each table, headers not counted."""

    model_config = ConfigDict(frozen=True)

    path: Path
    quarter: str
    lines: dict[str, int]
    deleted: int


def generate(quarters: Sequence[Quarter], cases: int, seed: int, folder: Path) -> list[WrittenQuarter]:
    """Write one zip for each of ``quarters`` into ``folder``, with about ``cases`` cases that are new in it.

    Some cases have a newer version in the next quarter, and some are withdrawn in its list of deleted cases. Raises
    ``QuarterError`` for a quarter whose layout is not the current one.
    """
    vintage = _vintage(quarters)
    figures = load_figures()
    drawn = draw_cases(figures, cases * len(quarters), len(quarters), np.random.default_rng(seed))
    folder.mkdir(parents=True, exist_ok=True)
    written: list[WrittenQuarter] = []
    for position, quarter in enumerate(quarters):
        dice = random.Random(f"{seed}:{quarter}")  # noqa: S311 - data, not secrets
        tables = _tables(vintage, drawn, _versions(drawn, position, quarters), figures, dice)
        deleted = [
            str(drawn.case_ids[i]) for i in np.flatnonzero(drawn.deleted & (drawn.first_quarter == position - 1))
        ]
        path = folder / f"faers_ascii_{quarter.year}q{quarter.number}_synthetic.zip"
        _write(path, quarter, vintage, tables, deleted)
        lines = {table: len(rows) for table, rows in tables.items()}
        written.append(WrittenQuarter(path=path, quarter=str(quarter), lines=lines, deleted=len(deleted)))
    return written


def _vintage(quarters: Sequence[Quarter]) -> Vintage:
    layouts = load_layouts()
    current = layouts.vintages[-1]
    if unfit := [quarter for quarter in quarters if layouts.of(quarter) is not current]:
        raise QuarterError(f"{unfit[0]} does not have the {current.name} layout: name quarters from {current.first} on")
    return current


def _versions(cases: Cases, position: int, quarters: Sequence[Quarter]) -> list[Version]:
    """What the quarter at ``position`` lists: cases first seen in it, then follow-ups of the one before."""
    quarter = quarters[position]
    last = position == len(quarters) - 1
    versions = [
        Version(int(i), quarter, int(cases.first_version[i]), superseded=bool(cases.followed_up[i]) and not last)
        for i in np.flatnonzero(cases.first_quarter == position)
    ]
    versions += [
        Version(int(i), quarter, int(cases.first_version[i]) + 1, superseded=False)
        for i in np.flatnonzero((cases.first_quarter == position - 1) & cases.followed_up & ~cases.deleted)
    ]
    return versions


def _tables(
    vintage: Vintage, cases: Cases, versions: Sequence[Version], figures: Figures, dice: random.Random
) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {table: [] for table in vintage.tables}
    for version in versions:
        for table, fields in lines_of(cases, version, figures, dice):
            tables[table].append("$".join(fields))
    return tables


def _write(
    path: Path, quarter: Quarter, vintage: Vintage, tables: Mapping[str, Sequence[str]], deleted: Sequence[str]
) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for table, rows in tables.items():
            _add(archive, f"ASCII/{table}{quarter.short}.txt", ["$".join(vintage.tables[table].columns), *rows])
        _add(archive, f"Deleted/DELETE{quarter.short}.txt", [" ", *deleted])


def _add(archive: zipfile.ZipFile, name: str, lines: Sequence[str]) -> None:
    entry = zipfile.ZipInfo(name, ZIP_TIME)
    entry.external_attr = 0o644 << 16
    content = ("\n".join(lines) + "\n").encode("ascii")
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED, COMPRESSION_LEVEL)
