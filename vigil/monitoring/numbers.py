"""What is kept of a column of numbers: exact moments, and a t-digest for its distribution.

T-digest: T. Dunning, O. Ertl, "Computing extremely accurate quantiles using t-digests" (2019), as Apache DataSketches
has it. Its compression is a rule, so the same values in the same order give the same bytes; DataSketches' KLL throws
coins from a generator that cannot be seeded (docs/decisions/0014).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasketches import tdigest_double
from numpy.typing import NDArray

#: At most 4.3 KB; the rank of a value is off by about .002 at most, as the tests measure.
COMPRESSION = 200

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class NumberProfile:
    """``present``, ``missing``, ``mistyped``: cells with a number, with none, with something else.

    ``whole`` of the numbers have no fraction. ``squares``: sum of squared differences from the mean.
    """

    def __init__(self) -> None:
        self.present = self.missing = self.mistyped = self.whole = 0
        self.mean = self.squares = 0.0
        self.digest: Any = tdigest_double(COMPRESSION)

    def update(self, column: pa.Array) -> None:
        column, mistyped = _as_numbers(column)
        numbers = np.asarray(pc.drop_null(column).to_numpy(zero_copy_only=False), dtype=np.float64)
        finite = numbers[np.isfinite(numbers)]
        infinite = int(np.isinf(numbers).sum())
        self.mistyped += mistyped + infinite
        self.missing += len(column) - len(finite) - mistyped - infinite
        self.whole += int((finite == np.floor(finite)).sum())
        if len(finite):
            mean = float(finite.mean())
            self._add_moments(len(finite), mean, float(((finite - mean) ** 2).sum()))
            self.digest.update(np.ascontiguousarray(finite))

    def merge(self, other: NumberProfile) -> None:
        self.missing += other.missing
        self.mistyped += other.mistyped
        self.whole += other.whole
        if other.present:
            self._add_moments(other.present, other.mean, other.squares)
            self.digest.merge(other.digest)

    def _add_moments(self, present: int, mean: float, squares: float) -> None:
        """Chan, Golub and LeVeque (1979): as stable as two passes."""
        both = self.present + present
        apart = mean - self.mean
        self.mean += apart * present / both
        self.squares += squares + apart * apart * self.present * present / both
        self.present = both

    @property
    def deviation(self) -> float:
        """Standard deviation of the numbers themselves, not of a population they are drawn from."""
        return math.sqrt(self.squares / self.present) if self.present else 0.0

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the greatest; None without a number."""
        return (self.digest.get_min_value(), self.digest.get_max_value()) if self.present else None

    @property
    def mostly_whole(self) -> bool:
        return 2 * self.whole > self.present

    def quantile(self, rank: float) -> float:
        return float(self.digest.get_quantile(rank))

    def shares(self, edges: list[float]) -> NDArray[np.float64]:
        """Of the numbers, the shares between ascending ``edges`` and beyond them, shape (edges + 1,)."""
        if not self.present:
            return np.zeros(len(edges) + 1)
        ranks = self.digest.get_cdf(edges) if edges else [1.0]
        return np.maximum(np.diff(np.asarray(ranks, dtype=np.float64), prepend=0.0), 0.0)

    def outside(self, low: float, high: float) -> float:
        """Share of the numbers below ``low`` or above ``high``."""
        if self.bounds is None:
            return 0.0
        least, greatest = self.bounds
        below = self.digest.get_rank(math.nextafter(low, -math.inf)) if least < low else 0.0
        above = 1.0 - self.digest.get_rank(math.nextafter(high, math.inf)) if greatest > high else 0.0
        return float(below + above)


def _as_numbers(column: pa.Array) -> tuple[pa.Array, int]:
    """As floats; what is none becomes null and is counted."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column.cast(pa.float64(), safe=False), 0
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return pa.nulls(len(column), pa.float64()), len(column) - column.null_count
    trimmed = pc.utf8_trim_whitespace(column)
    trimmed = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    numbers = pc.if_else(pc.match_substring_regex(trimmed, NUMBER), trimmed, None)
    return numbers.cast(pa.float64()), numbers.null_count - trimmed.null_count
