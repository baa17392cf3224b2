"""How far two dataset versions' distributions are apart, column by column."""

from __future__ import annotations

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
    """Where one side knows no value at all there is nothing to compare: the missing share tells it."""
    if not any(old.values()) or not any(new.values()):
        return 0.0
    from scipy.spatial.distance import jensenshannon

    distance = jensenshannon([old.get(v, 0.0) for v in values], [new.get(v, 0.0) for v in values], base=2)
    return max(float(distance), 0.0)
