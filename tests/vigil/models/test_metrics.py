import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from vigil.models.metrics import MEASURES, Scored, measure


@st.composite
def scored_cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with many ties, labels of both classes, and how often each case is drawn."""
    size = draw(st.integers(3, 40))
    scores = draw(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 1.0]), min_size=size, max_size=size))
    serious = draw(st.lists(st.booleans(), min_size=size - 2, max_size=size - 2))
    drawn = draw(st.lists(st.integers(0, 3), min_size=size - 2, max_size=size - 2))
    return np.array(scores), np.array([*serious, True, False]), np.array([*drawn, 1, 1], np.float64)


def measured(
    scores: np.ndarray, serious: np.ndarray, drawn: np.ndarray | None = None, **options: float
) -> dict[str, float]:
    scored = Scored.of(scores, serious)
    weights = (np.ones(len(scores)) if drawn is None else drawn)[scored.order][None, :]
    found = measure(scored, weights, capacity=options.get("capacity", 0.5), bins=int(options.get("bins", 10)))
    assert tuple(found) == MEASURES
    return {name: float(values[0]) for name, values in found.items()}


@given(scored_cases())
@settings(max_examples=200)
def test_measures_agree_with_scikit_learn_ties_and_repeated_cases_included(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    scores, serious, drawn = case
    found = measured(scores, serious, drawn)
    assert found["auroc"] == pytest.approx(roc_auc_score(serious, scores, sample_weight=drawn))
    assert found["average_precision"] == pytest.approx(average_precision_score(serious, scores, sample_weight=drawn))
    assert found["brier"] == pytest.approx(brier_score_loss(serious, scores, sample_weight=drawn))


@given(scored_cases())
def test_recall_at_capacity_is_a_share_and_everything_at_full_capacity(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    assert 0 <= measured(*case)["recall_at_capacity"] <= 1
    assert measured(*case, capacity=1.0)["recall_at_capacity"] == pytest.approx(1)


def test_recall_at_capacity_counts_the_serious_cases_in_the_top_of_the_queue() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    serious = np.array([True, False, True, False, True, False, False, False])
    assert measured(scores, serious, capacity=0.5)["recall_at_capacity"] == pytest.approx(2 / 3)


def test_cases_tied_across_the_capacity_are_shared_out() -> None:
    serious = np.array([True, False, False, True])
    assert measured(np.full(4, 0.3), serious, capacity=0.5)["recall_at_capacity"] == pytest.approx(0.5)


def test_calibration_error_is_the_mean_gap_over_bins_of_equal_mass() -> None:
    scores = np.array([0.1, 0.2, 0.8, 0.9])
    serious = np.array([False, True, True, True])
    low, high = abs(0.5 - 0.15), abs(1 - 0.85)
    assert measured(scores, serious, bins=2)["calibration_error"] == pytest.approx((low + high) / 2)


def test_measures_without_both_classes_are_undefined_not_wrong() -> None:
    found = measured(np.array([0.2, 0.9]), np.array([False, False]))
    assert np.isnan(found["auroc"])
    assert np.isnan(found["recall_at_capacity"])
    assert found["brier"] == pytest.approx((0.04 + 0.81) / 2)
