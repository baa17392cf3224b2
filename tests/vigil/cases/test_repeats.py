from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vigil.cases.repeats import SeenKeys


@given(st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=5))
def test_each_repeat_is_told_with_the_first_line_however_the_lines_are_blocked(blocks):
    seen, first, expected, found, line = SeenKeys(), {}, {}, {}, 0
    for keys in blocks:
        lines = list(range(line, line + len(keys)))
        line += len(keys)
        for key, number in zip(keys, lines, strict=True):
            if key in first:
                expected[number] = first[key]
            first.setdefault(key, number)
        found |= seen.repeats(np.array(keys, np.int64), np.array(lines, np.int64))
    assert found == expected
