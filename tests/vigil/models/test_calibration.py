import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vigil.models.calibration import (
    WEIGHT_PRIOR,
    fit_temperature,
    fit_weights,
    log_loss,
    logit,
    sigmoid,
    with_temperature,
)

probabilities = arrays(np.float64, st.integers(2, 40), elements=st.floats(0, 1))


@st.composite
def members_and_labels(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.integers(2, 6)), draw(st.integers(2, 40))
    return (
        draw(arrays(np.float64, shape, elements=st.floats(0, 1))),
        draw(arrays(np.bool_, shape[1])),
    )


@given(probabilities, st.floats(0.2, 5))
def test_calibration_keeps_the_order_of_the_cases(probability: np.ndarray, temperature: float) -> None:
    order = np.argsort(probability, kind="stable")
    assert np.all(np.diff(with_temperature(probability, temperature)[order]) >= 0)


@given(probabilities, st.floats(0.2, 5))
def test_calibrated_probabilities_stay_probabilities(probability: np.ndarray, temperature: float) -> None:
    calibrated = with_temperature(probability, temperature)
    assert np.all((calibrated >= 0) & (calibrated <= 1))


@given(members_and_labels())
@settings(max_examples=60, deadline=None)
def test_weights_are_shares_of_one(case: tuple[np.ndarray, np.ndarray]) -> None:
    weights = fit_weights(*case)
    assert np.all(weights >= 0)
    assert weights.sum() == pytest.approx(1, abs=1e-9)


@given(members_and_labels())
@settings(max_examples=60, deadline=None)
def test_the_weighted_ensemble_is_no_worse_than_equal_weights(case: tuple[np.ndarray, np.ndarray]) -> None:
    members, serious = np.clip(case[0], 1e-3, 1 - 1e-3), case[1]
    loss = log_loss(fit_weights(members, serious) @ members, serious)
    assert loss <= log_loss(members.mean(axis=0), serious) + 1e-4


def test_twins_share_their_weight() -> None:
    random = np.random.default_rng(2)
    truth = random.uniform(0.05, 0.95, 2000)
    serious = random.random(2000) < truth
    twins = [sigmoid(logit(truth) + random.normal(0, 0.05, 2000)) for _ in range(3)]
    weights = fit_weights(np.stack([*twins, np.full(2000, 0.5)]), serious)
    assert np.all(weights[:3] > 0.2)
    assert weights[3] < 0.1


def test_weights_find_the_optimum_that_a_grid_finds() -> None:
    random = np.random.default_rng(3)
    truth = random.uniform(0.05, 0.95, 4000)
    serious = random.random(4000) < truth
    members = np.stack([sigmoid(logit(truth) + random.normal(0, spread, 4000)) for spread in (0.5, 1.0)])
    grid = np.linspace(0.001, 0.999, 999)
    pull = WEIGHT_PRIOR * (np.log(grid) + np.log(1 - grid)) / 2
    losses = np.array([log_loss(w * members[0] + (1 - w) * members[1], serious) for w in grid]) - pull
    assert fit_weights(members, serious)[0] == pytest.approx(grid[np.argmin(losses)], abs=2e-3)


@pytest.mark.parametrize("overconfidence", [0.5, 2.0, 3.0])
def test_the_temperature_undoes_too_much_or_too_little_confidence(overconfidence: float) -> None:
    random = np.random.default_rng(5)
    truth = random.uniform(0.02, 0.98, 20_000)
    serious = random.random(20_000) < truth
    assert fit_temperature(sigmoid(logit(truth) * overconfidence), serious) == pytest.approx(overconfidence, rel=0.05)


def test_a_temperature_above_one_makes_less_sure_and_calibrates_an_overconfident_model() -> None:
    random = np.random.default_rng(6)
    truth = random.uniform(0.02, 0.98, 20_000)
    serious = random.random(20_000) < truth
    overconfident = sigmoid(logit(truth) * 2)
    calibrated = with_temperature(overconfident, fit_temperature(overconfident, serious))
    assert log_loss(calibrated, serious) < log_loss(overconfident, serious)
    assert np.abs(calibrated - truth).max() < 0.02


def test_sigmoid_does_not_overflow() -> None:
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-700.0, 0.0, 700.0])).tolist() == pytest.approx([0.0, 0.5, 1.0])
