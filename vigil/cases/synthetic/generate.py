"""Write synthetic quarters as archives in FDA's own layout. The same arguments give the same bytes.

A quarter depends on the seed, on its size and on drift, but on no other quarter that is asked for: it lists its own
cases and the follow-ups of the one before, which is drawn again for that. So memory does not grow with the range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from vigil.cases.layout import load_layouts
from vigil.cases.quarter import Quarter, QuarterError
from vigil.cases.synthetic.children import child_tables
from vigil.cases.synthetic.draw import FOLLOWED_UP, Cases, draw_cases
from vigil.cases.synthetic.drift import Drift, spelling_of
from vigil.cases.synthetic.figures import Figures, load_figures
from vigil.cases.synthetic.reports import demo_table, list_reports
from vigil.cases.synthetic.write import write_archive

FIRST_CASE_ID = 30_000_001  # beyond FDA's own of these years
LARGEST_QUARTER = 1_000_000  # reports: a quarter's case ids are a block of so many
FIRST_QUARTER = Quarter(2004, 1)

Progress = Callable[[str], None]


class WrittenQuarter(BaseModel):
    """One archive: its path, its quarter and the lines of each table, headers not counted."""

    model_config = ConfigDict(frozen=True)

    path: Path
    quarter: str
    lines: dict[str, int]
    deleted: int


def generate(
    quarters: Sequence[Quarter],
    cases: int,
    seed: int,
    folder: Path,
    drifts: Sequence[Drift] = (),
    progress: Progress = lambda _text: None,
) -> list[WrittenQuarter]:
    """Write one zip for each of ``quarters`` into ``folder``, with ``cases`` reports each.

    One in nine is the next version of a case of the quarter before. A zip appears only when it is whole. Raises
    ``QuarterError`` for a quarter that FDA has no archive of.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(quarter, cases, seed, folder, drifts, progress) for quarter in quarters]


def _write(
    quarter: Quarter, reports: int, seed: int, folder: Path, drifts: Sequence[Drift], progress: Progress
) -> WrittenQuarter:
    vintage = load_layouts().of(quarter)
    if vintage is None:
        raise QuarterError(f"{quarter} is before FDA's first archive, {FIRST_QUARTER}: name a later quarter")
    figures = load_figures()
    progress(f"{quarter}: drawing {reports:,} reports")
    before = _cases_of(quarter.previous(), reports, seed, drifts, figures)
    follow_ups = before.take(np.flatnonzero(before.followed_up & ~before.deleted)[: reports - _new(reports)])
    random = _dice(seed, quarter, "reports")
    listed = list_reports(_cases_of(quarter, reports, seed, drifts, figures), follow_ups, quarter, random)
    spelling = spelling_of(drifts, quarter, vintage)
    tables = {"DEMO": demo_table(listed, spelling, random), **child_tables(listed, figures, spelling, random)}
    deleted = [int(case) for case in before.case_ids[before.deleted]]
    prefix = "aers" if vintage.trailing_blank else "faers"
    path = folder / f"{prefix}_ascii_{quarter.year}q{quarter.number}_synthetic.zip"
    progress(f"{quarter}: writing {path.name}")
    write_archive(path, quarter, vintage, tables, deleted)
    lines = {name: tables[name].num_rows for name in vintage.tables}
    has_list = vintage.last is None
    return WrittenQuarter(path=path, quarter=str(quarter), lines=lines, deleted=len(deleted) if has_list else 0)


def _new(reports: int) -> int:
    """Of so many reports, those of cases that the quarter is the first to list."""
    return round(reports / (1 + FOLLOWED_UP))


def _cases_of(quarter: Quarter, reports: int, seed: int, drifts: Sequence[Drift], figures: Figures) -> Cases:
    """The cases that ``quarter`` is the first to list: the same whoever asks."""
    index = 4 * (quarter.year - FIRST_QUARTER.year) + quarter.number
    first_id = FIRST_CASE_ID + max(index, 0) * LARGEST_QUARTER
    random = _dice(seed, quarter, "cases")
    active = [drift for drift in drifts if drift.since <= quarter]
    share = next((drift.scenario.serious_share for drift in active if drift.scenario.serious_share), None)
    cases = draw_cases(figures, _new(reports), first_id, random, share)
    for drift in active:
        cases = drift.scenario.change(cases, _dice(seed, quarter, drift.name))
    return cases


def _dice(seed: int, quarter: Quarter, purpose: str) -> np.random.Generator:
    words = [seed, quarter.year, quarter.number, *purpose.encode()]
    return np.random.default_rng(words)
