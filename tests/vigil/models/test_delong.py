"""DeLong's interval beside the bootstrap's, scikit-learn's AUROC, and what must hold for any scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from vigil.models.bootstrap import Bootstrap
from vigil.models.delong import auroc_difference

SCORE = st.floats(min_value=0, max_value=1, allow_nan=False).map(lambda value: round(value, 1))  # many ties
CASES = st.lists(st.tuples(st.booleans(), SCORE, SCORE), min_size=4, max_size=40)


def drawn(cases=600, seed=3):
    random = np.random.default_rng(seed)
    serious = random.random(cases) < 0.5
    good = np.clip(serious * 0.3 + random.random(cases) * 0.7, 0, 1)
    return serious, good, np.clip(good + random.normal(0, 0.3, cases), 0, 1)


def test_it_agrees_with_the_paired_bootstrap():
    serious, good, noisy = drawn()
    bootstrap = Bootstrap(len(serious), resamples=1000, seed=1, capacity=0.5, bins=10)
    expected = bootstrap.compare(serious, good, noisy).difference.auroc
    found = auroc_difference(serious.tolist(), good.tolist(), noisy.tolist())
    assert found.value == pytest.approx(expected.value, abs=1e-5)
    assert (found.low, found.high) == (pytest.approx(expected.low, abs=0.006), pytest.approx(expected.high, abs=0.006))


@given(CASES)
def test_the_value_is_the_difference_of_the_two_areas_and_the_interval_holds_it(cases):
    serious, first, second = (list(each) for each in zip(*cases, strict=True))
    found = auroc_difference(serious, first, second)
    if min(sum(serious), len(serious) - sum(serious)) < 2:
        assert found.value is None
        return
    assert found.value == pytest.approx(roc_auc_score(serious, second) - roc_auc_score(serious, first), abs=1e-6)
    assert found.low <= found.value <= found.high
    turned = auroc_difference(serious, second, first)
    assert (turned.value, turned.low, turned.high) == pytest.approx((-found.value, -found.high, -found.low))


def test_a_model_does_not_differ_from_itself():
    serious, good, _ = drawn(60)
    found = auroc_difference(serious.tolist(), good.tolist(), good.tolist())
    assert (found.value, found.low, found.high) == (0, 0, 0)
