"""What is kept of a column of texts: how often each value comes, exactly up to a bound and within an error beyond it.

Apache DataSketches' frequent-items sketch (Anderson and others, "A high-performance algorithm for identifying frequent
items in data streams", 2017): exact while the distinct values fit, then off by at most ``error``, and never larger.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasketches import frequent_items_error_type, frequent_strings_sketch, hll_sketch, hll_union

#: Bounds memory whatever is sent; longer texts are told apart by their beginning.
LONGEST_VALUE = 200
DISTINCT_POWER = 12  # HyperLogLog of 4 KB: the number of distinct values within 3 %, asked for only beyond the bound


class ValuesProfile:
    """``present``, ``missing``, ``mistyped``: rows with a value, with none, with something else than text.

    ``occurrences`` is larger than ``present`` where a row may hold several values.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.present = self.missing = self.mistyped = self.occurrences = 0
        self.sketch: Any = frequent_strings_sketch(capacity)
        self.distinct_sketch: Any = hll_sketch(DISTINCT_POWER)

    def update(self, column: pa.Array) -> None:
        self.__dict__.pop("counts", None)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            filled = int(pc.sum(pc.greater(pc.fill_null(pc.list_value_length(column), 0), 0)).as_py() or 0)
            values = _cut(pc.list_flatten(column))
        else:
            values = _cut(column)
            if values is not None:
                filled = len(values) - values.null_count
        if values is None:
            self.mistyped += len(column) - column.null_count
            self.missing += column.null_count
            return
        self.present += filled
        self.missing += len(column) - filled
        for entry in values.value_counts().to_pylist():
            if entry["values"] is not None:
                self.occurrences += entry["counts"]
                self.sketch.update(entry["values"], entry["counts"])
                self.distinct_sketch.update(entry["values"])

    def merge(self, other: ValuesProfile) -> None:
        self.__dict__.pop("counts", None)
        self.present += other.present
        self.missing += other.missing
        self.mistyped += other.mistyped
        self.occurrences += other.occurrences
        self.sketch.merge(other.sketch)
        union = hll_union(DISTINCT_POWER)
        union.update(self.distinct_sketch)
        union.update(other.distinct_sketch)
        self.distinct_sketch = union.get_result()

    @property
    def error(self) -> int:
        """By how much a count may be too large; 0 while the distinct values fit. Empty texts are never counted."""
        return int(self.sketch.get_upper_bound(""))

    @property
    def distinct(self) -> int:
        return int(self.sketch.num_active_items) if not self.error else round(self.distinct_sketch.get_estimate())

    @cached_property
    def counts(self) -> dict[str, int]:
        """The values that are kept with their counts, the most frequent first, then by name."""
        found = self.sketch.get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
        return {value: count for value, count, *_ in sorted(found, key=lambda item: (-item[1], item[0]))}

    def share(self, value: str) -> float:
        """Of the rows with any value, those that hold this one."""
        return min(self.counts.get(value, 0) / self.present, 1.0) if self.present else 0.0

    @property
    def unseen_share(self) -> float:
        """Of the next occurrences from the same source, those expected to hold a value not kept here.

        Good and Turing (I. J. Good, 1953): as many as there were values that came once; and what did not fit.
        """
        if not self.occurrences:
            return 1.0
        once = sum(1 for count in self.counts.values() if count == 1) if not self.error else 0
        kept = sum(self.sketch.get_lower_bound(value) for value in self.counts) if self.error else self.occurrences
        return min((once + self.occurrences - kept) / self.occurrences, 1.0)

    def canonical_sketch(self) -> bytes:
        """While it is exact, the same bytes whatever order the values came in."""
        if self.error:
            return bytes(self.sketch.serialize())
        sorted_sketch = frequent_strings_sketch(self.capacity)
        for value in sorted(self.counts):
            sorted_sketch.update(value, self.counts[value])
        return bytes(sorted_sketch.serialize())


def _cut(values: pa.Array) -> pa.Array | None:
    """Cut to the longest, empty ones null; None where they are no texts."""
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return None
    values = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(values), 0, LONGEST_VALUE)
    return pc.if_else(pc.equal(values, ""), None, values)
