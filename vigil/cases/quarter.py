"""The calendar quarter: the unit in which FDA publishes FAERS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

QUARTER_TEXT = re.compile(r"(\d{4})Q([1-4])", re.IGNORECASE)
MONTHS = 3


class QuarterError(ValueError):
    """A text is not a quarter, or a range of quarters runs backwards."""


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter, ordered by time. Its text is ``2023Q1``."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read ``2023Q1``. Raises ``QuarterError``."""
        match = QUARTER_TEXT.fullmatch(text.strip())
        if match is None:
            raise QuarterError(f"{text!r} is not a quarter: write the year, Q and 1 to 4, such as 2023Q1")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}Q{self.number}"

    @property
    def short(self) -> str:
        """The form in FDA's file names: ``23Q1``."""
        return f"{self.year % 100:02d}Q{self.number}"

    @property
    def first_day(self) -> date:
        return date(self.year, MONTHS * (self.number - 1) + 1, 1)

    @property
    def last_day(self) -> date:
        return self.next().first_day - timedelta(days=1)

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter that ``day`` is in."""
        return cls(day.year, (day.month - 1) // MONTHS + 1)

    def previous(self) -> Quarter:
        return Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)

    def next(self) -> Quarter:
        return Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)


def quarter_range(text: str) -> list[Quarter]:
    """Read ``2024Q1:2024Q4`` (both ends included) or a single quarter. Raises ``QuarterError``."""
    first_text, colon, last_text = text.partition(":")
    first = Quarter.parse(first_text)
    last = Quarter.parse(last_text) if colon else first
    if last < first:
        raise QuarterError(f"the range {text!r} runs backwards: write the older quarter first")
    quarters = [first]
    while quarters[-1] < last:
        quarters.append(quarters[-1].next())
    return quarters
