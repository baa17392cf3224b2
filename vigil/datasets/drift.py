"""How far two dataset versions' distributions are apart, column by column."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from vigil.datasets.models import DatasetProfile, Distribution

SHOWN_SHIFTS = 5


class Shift(BaseModel):
    """One value or bin, and its share before and after."""

    model_config = ConfigDict(frozen=True)

    value: str
    before: float
    after: float


class ColumnDrift(BaseModel):
    """``distance``: Jensen-Shannon distance, base 2: 0 for the same distribution, 1 for no value in common.

    ``missing``: by how much the share of rows without a value has grown (negative: shrunk). ``shifts``: the values
    whose share changed most, most first.
    """

    model_config = ConfigDict(frozen=True)

    distance: float
    missing: float
    shifts: tuple[Shift, ...]


def compare(before: DatasetProfile, after: DatasetProfile) -> dict[str, ColumnDrift]:
    """The drift of every column that both profiles have."""
    return {
        name: _drift(before.columns[name], after.columns[name])
        for name in sorted(before.columns)
        if name in after.columns
    }


def _drift(before: Distribution, after: Distribution) -> ColumnDrift:
    old, new = dict(before.shares), dict(after.shares)
    values = list(dict.fromkeys([*old, *new]))
    shifts = [Shift(value=value, before=old.get(value, 0.0), after=new.get(value, 0.0)) for value in values]
    shifts.sort(key=lambda shift: (-abs(shift.after - shift.before), shift.value))
    return ColumnDrift(
        distance=round(_jensen_shannon(old, new, values), 6),
        missing=round(after.missing - before.missing, 6),
        shifts=tuple(shifts[:SHOWN_SHIFTS]),
    )


def _jensen_shannon(old: Mapping[str, float], new: Mapping[str, float], values: list[str]) -> float:
    """Where one side knows no value at all there is nothing to compare: the missing share tells it.

    Written out, because the function that shows drift to approvers carries no scipy; the tests compare with scipy's.
    """
    all_old, all_new = math.fsum(old.values()), math.fsum(new.values())
    if not all_old or not all_new:
        return 0.0
    pairs = [(old.get(value, 0.0) / all_old, new.get(value, 0.0) / all_new) for value in values]
    divergence = math.fsum(share * math.log2(share / ((p + q) / 2)) for p, q in pairs for share in (p, q) if share > 0)
    return math.sqrt(min(max(divergence / 2, 0.0), 1.0))
