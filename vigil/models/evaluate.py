"""Evaluation: baseline and candidate side by side, on unseen cases of known quarters and on the newest quarter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vigil.cases.feature_fields import BANNED_FIELDS
from vigil.cases.features import featurize
from vigil.change_control.models import Plan
from vigil.models.artefact import TriageModel
from vigil.models.bootstrap import Bootstrap, Comparison
from vigil.models.curated import CuratedSplit
from vigil.models.curves import curves
from vigil.models.leaks import SplitFeatures, check_leaks
from vigil.models.metrics import Array
from vigil.models.models import (
    DECIMALS,
    Evaluation,
    FeatureFacts,
    ModelOnSplit,
    Population,
    Split,
    SplitEvaluation,
    Subgroup,
    TermWeight,
)
from vigil.models.train import Progress

SPLITS: tuple[Split, ...] = get_args(Split)
TOP_TERMS = 20  # on each side


class MissingSubgroupError(ValueError):
    """A subgroup that the plan asks for has too few cases to be judged (good practice: test what will be met)."""


@dataclass(frozen=True)
class RunFacts:
    """What the evaluation is bound to. ``profile`` is the dataset's own."""

    artefact_digest: str
    dataset_version: str
    code_revision: str
    profile: str


def evaluate(model: TriageModel, dataset: Path, plan: Plan, facts: RunFacts, progress: Progress) -> Evaluation:
    """Evaluate on the splits test and test_next of ``dataset``. The same arguments give the same bytes.

    Raises ``MissingSubgroupError`` where a split lacks a subgroup of the plan, ``CuratedDataError`` for unusable files.
    """
    evaluations: dict[Split, SplitEvaluation] = {}
    matrices: dict[Split, SplitFeatures] = {}
    for name in SPLITS:
        split = CuratedSplit(dataset, name)
        matrices[name] = SplitFeatures(featurize(split, model.space), split.labels())
        with threadpool_limits(limits=1):  # BLAS: the sums' order, and so the last digits, must not depend on the cores
            evaluations[name] = _evaluate_split(model, split, matrices[name], plan)
        found = evaluations[name].candidate.overall.auroc
        progress(f"{name}: {len(matrices[name].labels)} cases, AUROC {found.value} ({found.low} to {found.high})")
    rules = plan.protocol.evaluation
    return Evaluation(
        artefact_digest=facts.artefact_digest,
        dataset_version=facts.dataset_version,
        plan_digest=plan.digest,
        code_revision=facts.code_revision,
        profile=facts.profile,
        training_cases=model.settings.training_cases,
        hyperparameters=model.settings.hyperparameters,
        features=_feature_facts(model),
        ensemble_weights=_named_weights(model),
        review_capacity=rules.review_capacity,
        calibration_bins=rules.calibration_bins,
        bootstrap_resamples=rules.bootstrap_resamples,
        bootstrap_seed=rules.bootstrap_seed,
        splits=evaluations,
        leak_check=check_leaks(evaluations, matrices, model.space, BANNED_FIELDS),
        top_terms=_top_terms(model),
    )


def _evaluate_split(model: TriageModel, split: CuratedSplit, data: SplitFeatures, plan: Plan) -> SplitEvaluation:
    members = {name: mask for name, mask in split.subgroups().items() if name in plan.protocol.data.subgroups}
    _refuse_unusable(split.name, data.labels, members, plan.protocol.data.minimum_subgroup_cases)
    baseline, (candidate, _) = model.baseline(data.features), model.candidate(data.features)
    bins = plan.protocol.evaluation.calibration_bins
    overall = _compare(data.labels, baseline, candidate, plan)
    by_group = {
        name: _compare(data.labels[mask], baseline[mask], candidate[mask], plan) for name, mask in members.items()
    }
    return SplitEvaluation(
        population=_population(data.labels),
        subgroups={name: _population(data.labels[mask]) for name, mask in members.items()},
        baseline=ModelOnSplit(
            overall=overall.baseline,
            subgroups={name: found.baseline for name, found in by_group.items()},
            curves=curves(baseline, data.labels, bins),
        ),
        candidate=ModelOnSplit(
            overall=overall.candidate,
            subgroups={name: found.candidate for name, found in by_group.items()},
            curves=curves(candidate, data.labels, bins),
        ),
        difference=overall.difference,
    )


def _compare(serious: NDArray[np.bool_], baseline: Array, candidate: Array, plan: Plan) -> Comparison:
    rules = plan.protocol.evaluation
    bootstrap = Bootstrap(
        len(serious),
        resamples=rules.bootstrap_resamples,
        seed=rules.bootstrap_seed,
        capacity=rules.review_capacity,
        bins=rules.calibration_bins,
    )
    return bootstrap.compare(serious, baseline, candidate)


def _refuse_unusable(
    split: str, labels: NDArray[np.bool_], members: dict[Subgroup, NDArray[np.bool_]], least: int
) -> None:
    if not len(labels) or labels.all() or not labels.any():
        raise MissingSubgroupError(f"{split}: needs serious and non-serious cases to evaluate on")
    short = {name: int(mask.sum()) for name, mask in members.items() if mask.sum() < least}
    if short:
        found = ", ".join(f"{name} {count}" for name, count in short.items())
        raise MissingSubgroupError(f"{split}: too few cases in subgroups the plan asks for (at least {least}): {found}")


def _population(labels: NDArray[np.bool_]) -> Population:
    return Population(n=len(labels), prevalence=round(float(labels.mean()), DECIMALS))


def _feature_facts(model: TriageModel) -> FeatureFacts:
    return FeatureFacts(
        fields=list(model.space.fields),
        terms=len(model.space.terms),
        words=len(model.space.words),
        numbers=list(model.space.numbers),
        min_document_frequency=model.space.min_document_frequency,
    )


def _named_weights(model: TriageModel) -> dict[str, float]:
    names = ["linear", *(f"tree_{number:02d}" for number in range(len(model.trees)))]
    return dict(zip(names, model.settings.weights, strict=True))


def _top_terms(model: TriageModel) -> list[TermWeight]:
    """The baseline's strongest columns: the highest first, then, at the end, the lowest."""
    weights = model.linear.coefficients
    order = np.argsort(-weights, kind="stable")
    chosen = order if len(order) <= 2 * TOP_TERMS else np.concatenate((order[:TOP_TERMS], order[-TOP_TERMS:]))
    return [
        TermWeight(term=model.space.names[column], coefficient=round(float(weights[column]), DECIMALS))
        for column in chosen
    ]
