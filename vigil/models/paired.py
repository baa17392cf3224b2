"""The paired test: champion and challenger answer the same labelled rows, which neither was trained on."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vigil.cases.features import featurize
from vigil.change_control.models import Plan
from vigil.change_control.plan import load_plan
from vigil.datasets import manifest
from vigil.digests import tree_digest
from vigil.models.artefact import TriageModel, extract_model, load_model
from vigil.models.bootstrap import Bootstrap
from vigil.models.comparison import COMPARISON_FILE, Compared, PairedComparison
from vigil.models.curated import CuratedSplit
from vigil.models.metrics import Array
from vigil.models.models import Measures
from vigil.models.train import Progress


class ComparisonInputError(ValueError):
    """An input of the comparison is missing or does not belong to the others; the message names it."""


@dataclass(frozen=True)
class Contender:
    model: TriageModel
    artefact_digest: str


def run_comparison(root: Path, progress: Progress) -> PairedComparison:
    """Compare what lies in ``root/processing/input`` into ``root/processing/output/comparison.json``.

    Inputs: ``champion/model.tar.gz``, ``challenger/model.tar.gz``, ``dataset`` and ``plan/plan.json``, both the
    challenger's. The same inputs give the same bytes. Raises ``ComparisonInputError``.
    """
    inputs = root / "processing/input"
    plan = load_plan(_existing(inputs / "plan/plan.json"))
    champion, challenger = (_contender(inputs / name / "model.tar.gz") for name in ("champion", "challenger"))
    dataset = inputs / "dataset"
    released = manifest.read(dataset)
    manifest.verify(dataset, released)
    trained = challenger.model.settings
    for name, own, given in (
        ("dataset", trained.dataset_version, released.version),
        ("plan", trained.plan_digest, plan.digest),
    ):
        if own != given:
            raise ComparisonInputError(
                f"the challenger was trained with {name} {own[:12]}, but {given[:12]} is given: hand over its own"
            )
    comparison = compare(champion, challenger, dataset, plan)
    found = comparison.difference.auroc
    progress(f"{comparison.cases} cases: AUROC differs by {found.value} ({found.low} to {found.high})")
    target = root / "processing/output" / COMPARISON_FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(comparison.to_json())
    return comparison


def compare(champion: Contender, challenger: Contender, dataset: Path, plan: Plan) -> PairedComparison:
    """On the split of the plan's paired test of ``dataset``, the challenger's."""
    split = CuratedSplit(dataset, plan.protocol.update.paired_test.split)
    labels = split.labels()
    if not len(labels) or labels.all() or not labels.any():
        raise ComparisonInputError(f"{split.name}: needs serious and non-serious cases to compare on")
    rules = plan.protocol.evaluation
    bootstrap = Bootstrap(
        len(labels),
        resamples=rules.bootstrap_resamples,
        seed=rules.bootstrap_seed,
        capacity=rules.review_capacity,
        bins=rules.calibration_bins,
    )
    found = bootstrap.compare(labels, _answers(champion, split), _answers(challenger, split))
    return PairedComparison(
        champion=_compared(champion, found.baseline),
        challenger=_compared(challenger, found.candidate),
        difference=found.difference,
        dataset_version=challenger.model.settings.dataset_version,
        split=plan.protocol.update.paired_test.split,
        plan_digest=plan.digest,
        cases=len(labels),
        resamples=rules.bootstrap_resamples,
        seed=rules.bootstrap_seed,
    )


def _answers(contender: Contender, split: CuratedSplit) -> Array:
    features = featurize(split, contender.model.space)
    with threadpool_limits(limits=1):  # BLAS: the sums' order must not depend on the cores
        probabilities: NDArray[np.float64] = contender.model.candidate(features)[0]
    return probabilities


def _compared(contender: Contender, measures: Measures) -> Compared:
    version = contender.model.settings.dataset_version
    return Compared(artefact_digest=contender.artefact_digest, dataset_version=version, measures=measures)


def _contender(archive: Path) -> Contender:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        extract_model(_existing(archive), folder)
        return Contender(load_model(folder), tree_digest(folder))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ComparisonInputError(f"{path.parent.name}/{path.name} is missing from the job's input")
    return path
