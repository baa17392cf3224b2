import numpy as np
import pytest

from vigil.models import bootstrap
from vigil.models.bootstrap import Bootstrap, Comparison
from vigil.models.calibration import logit, sigmoid


def compare(cases: int = 600, seed: int = 1, resamples: int = 400) -> Comparison:
    random = np.random.default_rng(7)
    truth = random.uniform(0.02, 0.98, cases)
    serious = random.random(cases) < truth
    worse = sigmoid(logit(truth) + random.normal(0, 2, cases))
    return Bootstrap(cases, resamples=resamples, seed=seed, capacity=0.5, bins=10).compare(serious, worse, truth)


def test_an_interval_holds_the_value_and_has_the_textbook_width() -> None:
    auroc = compare().candidate.auroc
    assert auroc.low is not None and auroc.high is not None and auroc.value is not None
    assert auroc.low < auroc.value < auroc.high
    assert auroc.high - auroc.low == pytest.approx(4 * np.sqrt(auroc.value * (1 - auroc.value) / 600), rel=0.5)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    assert compare() == compare()
    assert compare(seed=2).candidate.auroc != compare().candidate.auroc


def test_memory_is_bounded_without_changing_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compare()
    monkeypatch.setattr(bootstrap, "CELLS_AT_ONCE", 600 * 7)
    assert compare() == whole


def test_the_difference_is_paired_and_so_narrower_than_the_parts() -> None:
    found = compare()
    parts, difference = found.candidate.auroc, found.difference.auroc
    assert difference.value == pytest.approx((parts.value or 0) - (found.baseline.auroc.value or 0), abs=2e-6)
    assert difference.low is not None and difference.low > 0


def test_one_class_only_has_no_auroc_but_a_brier_score() -> None:
    serious = np.ones(30, np.bool_)
    found = Bootstrap(30, resamples=100, seed=1, capacity=0.5, bins=10).compare(
        serious, np.full(30, 0.5), np.linspace(0.1, 0.9, 30)
    )
    assert found.candidate.auroc.value is None
    assert found.candidate.auroc.low is None
    assert found.candidate.brier.value is not None
