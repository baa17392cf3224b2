"""What is kept of a window or a baseline: a profile of each column, mergeable, of a size that rows do not change."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from vigil.monitoring.columns import BY_NAME, COLUMNS
from vigil.monitoring.numbers import NumberProfile
from vigil.monitoring.values import ValuesProfile

BATCH_ROWS = 65_536
MOST_EXTRA = 100  # names of unknown columns that are kept

ColumnProfile = NumberProfile | ValuesProfile


class Profile:
    """``rows``: cases. ``columns``: of those that were seen, in the order of ``COLUMNS``. ``extra``: other names.

    The same tables in the same order give the same statistics, byte by byte; in another order, or merged from
    parts, they are the same within the sketches' errors.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.columns: dict[str, ColumnProfile] = {}
        self.extra: set[str] = set()

    @classmethod
    def of(cls, tables: Iterable[pa.Table]) -> Profile:
        profile = cls()
        for table in tables:
            profile.update(table)
        return profile

    def update(self, table: pa.Table) -> None:
        """Add the rows of a table with the columns of ``OBSERVED``; one that it lacks is not noted as seen."""
        self.rows += table.num_rows
        self._note_extra(name for name in table.column_names if name not in BY_NAME)
        for column in COLUMNS:
            if column.name in table.column_names:
                known = self._known(column.name)
                for start in range(0, table.num_rows, BATCH_ROWS):
                    part = table.column(column.name).slice(start, BATCH_ROWS)
                    known.update(part.combine_chunks() if isinstance(part, pa.ChunkedArray) else part)

    def merge(self, other: Profile) -> None:
        """Add what another profile has seen."""
        self.rows += other.rows
        self._note_extra(other.extra)
        for name, theirs in other.columns.items():
            ours = self._known(name)
            ours.merge(theirs)  # type: ignore[arg-type]  # columns of one name are of one kind

    def _known(self, name: str) -> ColumnProfile:
        if name not in self.columns:
            column = BY_NAME[name]
            self.columns[name] = NumberProfile() if column.is_number else ValuesProfile(column.capacity)
            order = [column.name for column in COLUMNS]
            self.columns = dict(sorted(self.columns.items(), key=lambda item: order.index(item[0])))
        return self.columns[name]

    def _note_extra(self, names: Iterable[str]) -> None:
        self.extra = set(sorted(self.extra | set(names))[:MOST_EXTRA])
