"""Training: feature space and members on the train split, weights and temperatures on the validation split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigil.cases.features import featurize, fit_feature_space
from vigil.change_control.models import Plan
from vigil.models.artefact import BandLimits, ModelSettings, TriageModel, member_probabilities
from vigil.models.calibration import fit_temperature, fit_weights, log_loss, with_temperature
from vigil.models.curated import CuratedSplit
from vigil.models.hyperparameters import Hyperparameters
from vigil.models.linear import LinearModel
from vigil.models.members import TreeMember

Progress = Callable[[str], None]


class TrainingDataError(ValueError):
    """The dataset cannot be trained on: too few cases, or one class only."""


@dataclass(frozen=True)
class TrainingData:
    """The two splits that training may see, as a matrix (reports, columns) and labels (reports,)."""

    train: Any
    train_labels: NDArray[np.bool_]
    validation: Any
    validation_labels: NDArray[np.bool_]


def train(dataset: Path, plan: Plan, chosen: Hyperparameters, dataset_version: str, progress: Progress) -> TriageModel:
    """Train on ``dataset``'s train and validation splits. The same arguments give the same model, byte for byte.

    Raises ``TrainingDataError``, ``CuratedDataError`` or ``BannedFeatureError``.
    """
    train_split, validation_split = CuratedSplit(dataset, "train"), CuratedSplit(dataset, "validation")
    labels = train_split.labels(), validation_split.labels()
    _refuse_unusable(labels[0], labels[1], plan.protocol.data.minimum_training_cases)
    space = fit_feature_space(
        train_split, min_document_frequency=chosen.min_document_frequency, fields=plan.features.allowed_fields
    )
    progress(f"features: {len(space.terms)} terms, {len(space.words)} words, {len(space.numbers)} numbers")
    data = TrainingData(featurize(train_split, space), labels[0], featurize(validation_split, space), labels[1])
    progress(f"cases: {len(labels[0])} to train, {len(labels[1])} to validate")
    linear, trees = _fit_members(data, chosen, progress)
    weights, temperature, baseline_temperature = _combine(data, linear, trees, progress)
    bands = plan.protocol.bands
    return TriageModel(
        settings=ModelSettings(
            dataset_version=dataset_version,
            plan_digest=plan.digest,
            hyperparameters=chosen.to_text(),
            training_cases=len(data.train_labels),
            weights=weights,
            temperature=temperature,
            baseline_temperature=baseline_temperature,
            bands=BandLimits(high=bands.high, medium=bands.medium, uncertain=bands.uncertain),
        ),
        space=space,
        linear=linear,
        trees=trees,
    )


def _fit_members(
    data: TrainingData, chosen: Hyperparameters, progress: Progress
) -> tuple[LinearModel, tuple[TreeMember, ...]]:
    linear = LinearModel.fit(data.train, data.train_labels, c=chosen.linear_c)
    progress("linear member fitted")
    trees = TreeMember.fit_all(
        data.train,
        data.train_labels,
        chosen,
        lambda number: progress(f"tree member {number + 1} of {chosen.members} fitted"),
    )
    return linear, trees


def _combine(
    data: TrainingData, linear: LinearModel, trees: tuple[TreeMember, ...], progress: Progress
) -> tuple[tuple[float, ...], float, float]:
    """The members' weights, the ensemble's temperature and the baseline's, all by validation log-loss."""
    members = member_probabilities(data.validation, linear, trees)
    weights = fit_weights(members, data.validation_labels)
    mixture = weights @ members
    temperature = fit_temperature(mixture, data.validation_labels)
    baseline_temperature = fit_temperature(members[0], data.validation_labels)
    calibrated = log_loss(with_temperature(mixture, temperature), data.validation_labels)
    baseline = log_loss(with_temperature(members[0], baseline_temperature), data.validation_labels)
    progress(f"weights: {', '.join(f'{weight:.3f}' for weight in weights)}; temperature {temperature:.3f}")
    progress(f"validation log-loss: ensemble {calibrated:.4f}, baseline {baseline:.4f}")
    return tuple(weights.tolist()), temperature, baseline_temperature


def _refuse_unusable(train: NDArray[np.bool_], validation: NDArray[np.bool_], minimum: int) -> None:
    if len(train) < minimum:
        raise TrainingDataError(f"{len(train)} training cases; the plan asks for {minimum}: add quarters")
    for name, labels in (("train", train), ("validation", validation)):
        if not len(labels) or labels.all() or not labels.any():
            raise TrainingDataError(f"the split {name} needs serious and non-serious cases")
