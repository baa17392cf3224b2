"""The distribution of scores: every case in one bin, and the plan's bands on bins' edges."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vigil.models.curves import SCORE_BINS, curves


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_every_case_is_in_the_one_bin_that_its_score_belongs_to(cases):
    scores = np.array([0.0, 1.0, *(score for score, _ in cases)])
    serious = np.array([False, True, *(label for _, label in cases)])
    found = curves(scores, serious, bins=2).scores
    assert [(each.low, each.high) for each in found] == [(n / SCORE_BINS, (n + 1) / SCORE_BINS) for n in range(20)]
    for each in found:
        inside = (scores >= each.low) & ((scores < each.high) | (each.high == 1))
        assert each.serious == int((inside & serious).sum())
        assert each.not_serious == int((inside & ~serious).sum())


def test_a_score_on_the_edge_of_a_band_counts_to_the_band_it_begins():
    found = curves(np.array([0.7, 0.25, 0.1 + 0.2]), np.array([True, False, False]), bins=1).scores
    assert [each.low for each in found if each.serious] == [0.7]
    assert [each.low for each in found if each.not_serious] == [0.25, 0.3]
