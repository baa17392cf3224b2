"""How the members are weighed and the result is made to mean what it says, both on the validation split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

LOWEST_PROBABILITY = 1e-6  # a probability of 0 or 1 would cost an infinite log-loss, and no model is that sure
# Members that differ in seed alone are near twins, and chance would give all the weight to one of them; the spread of
# the members would then say little. As it were, this share of the cases votes for equal weights; it costs no accuracy.
WEIGHT_PRIOR = 0.005
WEIGHT_STEPS = 2000
WEIGHT_TOLERANCE = 1e-10
TEMPERATURE_RANGE = (0.2, 5.0)
WEIGHT_DIGITS = 6


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(log_odds))
    return np.asarray(np.where(log_odds >= 0, 1.0, small) / (1.0 + small), np.float64)


def logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(probability, LOWEST_PROBABILITY, 1 - LOWEST_PROBABILITY)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), np.float64)


def log_loss(probability: NDArray[np.float64], serious: NDArray[np.bool_]) -> float:
    clipped = np.clip(probability, LOWEST_PROBABILITY, 1 - LOWEST_PROBABILITY)
    return float(-np.mean(np.where(serious, np.log(clipped), np.log1p(-clipped))))


def fit_weights(probabilities: NDArray[np.float64], serious: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights (members,), none negative, sum one, that minimise the log-loss of the weighted mean probability.

    ``probabilities`` has shape (members, reports). A slight pull to equal weights (minus ``WEIGHT_PRIOR`` times their
    mean logarithm) is part of what is minimised. The problem is convex; expectation-maximisation for the
    proportions of a mixture goes down at every step, needs no step size and starts from equal weights.
    """
    clipped = np.clip(probabilities, LOWEST_PROBABILITY, 1 - LOWEST_PROBABILITY)
    likelihood = np.where(serious, clipped, 1 - clipped)
    weights = np.full(len(likelihood), 1 / len(likelihood))
    for _ in range(WEIGHT_STEPS):
        votes = weights * (likelihood / (weights @ likelihood)).mean(axis=1)
        updated = (votes + WEIGHT_PRIOR / len(weights)) / (1 + WEIGHT_PRIOR)
        moved = float(np.abs(updated - weights).max())
        weights = updated
        if moved < WEIGHT_TOLERANCE:
            break
    return _rounded_to_one(weights)


def _rounded_to_one(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Few digits, so that the artefact does not hang on the last bits; the largest takes up the rest."""
    rounded = np.round(weights / weights.sum(), WEIGHT_DIGITS)
    largest = int(np.argmax(rounded))
    rounded[largest] += 1.0 - rounded.sum()
    rounded[largest] = round(float(rounded[largest]), WEIGHT_DIGITS)
    return np.asarray(rounded, np.float64)


def fit_temperature(probability: NDArray[np.float64], serious: NDArray[np.bool_]) -> float:
    """The temperature T that minimises the log-loss of sigmoid(logit(p) / T). Above 1 the model was too sure."""
    log_odds = logit(probability)

    def loss(log_temperature: float) -> float:
        return log_loss(sigmoid(log_odds / np.exp(log_temperature)), serious)

    low, high = np.log(TEMPERATURE_RANGE)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return round(float(np.exp(found.x)), 5)


def with_temperature(probability: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Calibrated probabilities; the order of the cases stays as it was, for every temperature above 0."""
    return sigmoid(logit(probability) / temperature)
