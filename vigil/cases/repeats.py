"""Find lines that repeat the key of an earlier line of the same table, without a Python loop over lines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class SeenKeys:
    """Keys seen so far in one table, with the line that held each first: 16 bytes a line."""

    def __init__(self) -> None:
        self._keys: Ints = np.array([], np.int64)  # sorted
        self._lines: Ints = np.array([], np.int64)

    def repeats(self, keys: Ints, lines: Ints) -> dict[int, int]:
        """Add the ``keys`` of ``lines``. For each line that repeats a key, the line that had it first."""
        # Stable, and what was seen before comes first: of equal keys, the earliest line leads.
        all_keys, all_lines = np.concatenate([self._keys, keys]), np.concatenate([self._lines, lines])
        order = np.argsort(all_keys, kind="stable")
        all_keys, all_lines = all_keys[order], all_lines[order]
        is_first = np.ones(len(all_keys), dtype=bool)
        is_first[1:] = all_keys[1:] != all_keys[:-1]
        leaders = all_lines[is_first][np.cumsum(is_first) - 1]
        found = {
            int(line): int(leaders[i]) for i, line in zip(np.flatnonzero(~is_first), all_lines[~is_first], strict=True)
        }
        self._keys, self._lines = all_keys[is_first], all_lines[is_first]
        return found
