"""The layouts of FDA's archives: which tables and columns a quarter has. The data are in ``layouts.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from vigil.cases.quarter import Quarter


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Limits(_Data):
    """Bounds on one archive; each one's reason is beside it in ``layouts.yaml``."""

    max_files: int
    max_file_bytes: int
    max_total_bytes: int
    max_packing_ratio: int
    ratio_judged_above_bytes: int
    max_line_bytes: int
    max_reject_share: float
    rejects_always_tolerated: int
    max_rejects_listed: int
    reports_that_need_rows: int

    def tolerates(self, rejects: int, lines: int) -> bool:
        """Whether so many rejected lines of a table's ``lines`` leave the archive usable."""
        return rejects <= max(self.rejects_always_tolerated, self.max_reject_share * lines)


class TableLayout(_Data):
    """One table: its columns in file order, and what a line needs to be usable at all.

    ``columns`` are the current layout's names; ``renamed`` maps a header's other names to them.
    """

    columns: tuple[str, ...]
    renamed: dict[str, str] = Field(default_factory=dict)
    optional: tuple[str, ...] = ()
    whole_numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    unique: str | None = None
    needs_rows: bool = False


class Vintage(_Data):
    """A span of quarters with one layout. With a ``trailing_blank``, lines have one field more than the header says."""

    name: str
    first: Quarter
    last: Quarter | None = None
    marks: tuple[str, ...]
    trailing_blank: bool = False
    renamed: dict[str, str] = Field(default_factory=dict)
    tables: dict[str, TableLayout]

    @field_validator("first", "last", mode="before")
    @classmethod
    def _parse_quarter(cls, value: object) -> object:
        return Quarter.parse(value) if isinstance(value, str) else value

    @property
    def span(self) -> str:
        return f"{self.first} to {self.last}" if self.last else f"{self.first} on"

    def column(self, table: str, name: str) -> str:
        """The current layout's name of the column that a header of this vintage calls ``name``."""
        return self.tables[table].renamed.get(name) or self.renamed.get(name, name)

    def covers(self, quarter: Quarter) -> bool:
        return self.first <= quarter and (self.last is None or quarter <= self.last)


class Layouts(_Data):
    limits: Limits
    vintages: tuple[Vintage, ...]

    @property
    def current(self) -> Vintage:
        """The vintage whose columns every other one's rows are given in."""
        return self.vintages[-1]

    def of(self, quarter: Quarter) -> Vintage | None:
        """The vintage that covers ``quarter``; none before FDA's first archive, 2004Q1."""
        return next((vintage for vintage in self.vintages if vintage.covers(quarter)), None)

    def marked_by(self, columns: Sequence[str]) -> Vintage | None:
        """The vintage that a header's column names give away, if one does."""
        return next((vintage for vintage in self.vintages if set(vintage.marks) & set(columns)), None)


@cache
def load_layouts() -> Layouts:
    text = resources.files("vigil.cases").joinpath("layouts.yaml").read_text(encoding="utf-8")
    return Layouts.model_validate(yaml.safe_load(text))
