"""What is kept of a column of texts: how often each value comes, exactly up to a bound and within an error beyond it.

Apache DataSketches' frequent-items sketch (Anderson and others, "A high-performance algorithm for identifying frequent
items in data streams", 2017): exact while the distinct values fit, then off by at most ``error``, and never larger.

The sketch knows values by a digest. Their texts stand beside it, and of rare ones no file has them: a sender that one
report names may be a person. Whoever guesses such a text can still confirm it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasketches import frequent_items_error_type, frequent_strings_sketch, hll_sketch, hll_union

#: Bounds memory whatever is sent; longer texts are told apart by their beginning.
LONGEST_VALUE = 200
#: A value that fewer cases hold is told by its digest alone.
FEWEST_CASES = 5
HIDDEN, HIDDEN_DIGITS = "rare:", 16
DISTINCT_POWER = 12  # HyperLogLog of 4 KB: the number of distinct values within 3 %, asked for only beyond the bound


def hidden(value: str) -> str:
    """What stands for a value; the same for what stands for one already."""
    return value if is_hidden(value) else HIDDEN + sha256(value.encode()).hexdigest()[:HIDDEN_DIGITS]


def is_hidden(value: str) -> bool:
    return value.startswith(HIDDEN) and len(value) == len(HIDDEN) + HIDDEN_DIGITS


class ValuesProfile:
    """``present``, ``missing``, ``mistyped``: rows with a value, with none, with something else than text.

    ``occurrences`` is larger than ``present`` where a row may hold several values.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.present = self.missing = self.mistyped = self.occurrences = 0
        self.sketch: Any = frequent_strings_sketch(capacity)
        self.distinct_sketch: Any = hll_sketch(DISTINCT_POWER)
        self._texts: dict[str, str] = {}

    def update(self, column: pa.Array) -> None:
        self._forget()
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
                key = hidden(entry["values"])
                self._texts[key] = entry["values"]
                self.sketch.update(key, entry["counts"])
                self.distinct_sketch.update(entry["values"])
        if len(self._texts) > 2 << self.capacity:  # so that memory does not grow with the vocabulary
            kept = self._by_key
            self._texts = {key: text for key, text in self._texts.items() if key in kept}
            self._forget()

    def name(self, texts: Iterable[str]) -> None:
        """Give the texts of values, as far as they are known here and kept."""
        self._forget()
        kept = self._by_key
        self._texts |= {key: text for text in texts if (key := hidden(text)) in kept}

    def merge(self, other: ValuesProfile) -> None:
        self._forget()
        self.present += other.present
        self.missing += other.missing
        self.mistyped += other.mistyped
        self.occurrences += other.occurrences
        self.sketch.merge(other.sketch)
        union = hll_union(DISTINCT_POWER)
        union.update(self.distinct_sketch)
        union.update(other.distinct_sketch)
        self.distinct_sketch = union.get_result()
        self.name(other._texts.values())

    @property
    def error(self) -> int:
        """By how much a count may be too large; 0 while the distinct values fit. Empty texts are never counted."""
        return int(self.sketch.get_upper_bound(""))

    @property
    def distinct(self) -> int:
        return int(self.sketch.num_active_items) if not self.error else round(self.distinct_sketch.get_estimate())

    @cached_property
    def counts(self) -> dict[str, int]:
        """The values that are kept with their counts, the most frequent first, then by name; rare ones hidden."""
        named = [(self._texts.get(key, key), count) for key, count in self._by_key.items()]
        return dict(sorted(named, key=lambda item: (-item[1], item[0])))

    @cached_property
    def _by_key(self) -> dict[str, int]:
        found = self.sketch.get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
        return {key: count for key, count, *_ in found}

    def count(self, value: str) -> int:
        """Of a text, or of what stands for it."""
        return self._by_key.get(hidden(value), 0)

    def tellable(self) -> list[str]:
        """The texts that at least ``FEWEST_CASES`` cases hold for certain, by name."""
        return sorted(text for key, text in self._texts.items() if self.sketch.get_lower_bound(key) >= FEWEST_CASES)

    def share(self, value: str) -> float:
        """Of the rows with any value, those that hold this one."""
        return min(self.count(value) / self.present, 1.0) if self.present else 0.0

    @property
    def unseen_share(self) -> float:
        """Of the next occurrences from the same source, those expected to hold a value not kept here.

        Good and Turing (I. J. Good, 1953): as many as there were values that came once; and what did not fit.
        """
        if not self.occurrences:
            return 1.0
        once = sum(1 for count in self._by_key.values() if count == 1) if not self.error else 0
        kept = sum(self.sketch.get_lower_bound(key) for key in self._by_key) if self.error else self.occurrences
        return min((once + self.occurrences - kept) / self.occurrences, 1.0)

    def canonical_sketch(self) -> bytes:
        """While it is exact, the same bytes whatever order the values came in."""
        if self.error:
            return bytes(self.sketch.serialize())
        sorted_sketch = frequent_strings_sketch(self.capacity)
        for key in sorted(self._by_key):
            sorted_sketch.update(key, self._by_key[key])
        return bytes(sorted_sketch.serialize())

    def _forget(self) -> None:
        for derived in ("counts", "_by_key"):
            self.__dict__.pop(derived, None)


def _cut(values: pa.Array) -> pa.Array | None:
    """Cut to the longest, empty ones null; None where they are no texts."""
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return None
    values = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(values), 0, LONGEST_VALUE)
    return pc.if_else(pc.equal(values, ""), None, values)
