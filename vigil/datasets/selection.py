"""Which landed quarters a dataset is built from: all that were asked for, or those up to a date; never a step back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol, TypeVar

from vigil.cases.quarter import Quarter


class SelectionError(ValueError):
    """The landed quarters are not those that a dataset can be built from; the message says what to do."""


class TooFewQuartersError(SelectionError):
    """Only the oldest quarter is there, so there is nothing to train on."""


class OfQuarter(Protocol):
    @property
    def quarter(self) -> str: ...


Archive = TypeVar("Archive", bound=OfQuarter)


def quarter_ended_before(day: date) -> Quarter:
    """The newest quarter that had ended on ``day``: what a run scheduled for that day is about."""
    return Quarter.of(day).previous()


def up_to(archives: Sequence[Archive], newest: Quarter) -> list[Archive]:
    """The archives of quarters up to ``newest``, as a dataset of that time was built from.

    Raises ``SelectionError`` when ``newest`` itself has not landed, ``TooFewQuartersError`` when no older one has.
    """
    chosen = [archive for archive in archives if Quarter.parse(archive.quarter) <= newest]
    if str(newest) not in {archive.quarter for archive in chosen}:
        have = ", ".join(sorted(archive.quarter for archive in archives)) or "none"
        raise SelectionError(
            f"{newest} has not landed (there are: {have}): upload its archive with `vigil quarters land`, "
            "then clear this task"
        )
    if len(chosen) < 2:
        raise TooFewQuartersError(f"{newest} is the oldest quarter that has landed: nothing older to train on")
    return chosen


def refuse_step_back(archives: Sequence[OfQuarter], released: Sequence[str]) -> None:
    """Raise ``SelectionError`` where the newest of ``archives`` is older than the newest of the ``released`` quarters.

    A dataset that ends earlier would move the out-of-time test into the past, and a model trained on it would be
    compared with one that has seen more.
    """
    if not released:
        return
    newest, last = max(archive.quarter for archive in archives), max(released)
    if newest < last:
        raise SelectionError(
            f"{newest} is older than {last}, the newest quarter of the last release: name the archives from {last} on "
            "as well, or use Airflow's backfill, which builds a dataset as of its date and announces nothing"
        )
