"""A small model trained under the project's plan with smaller samples, and its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from triage_cases import QUICK, pack_model, plan_with, write_dataset, write_job_inputs

from vigil.change_control.models import Plan
from vigil.models.artefact import TriageModel, load_model
from vigil.models.jobs import run_training
from vigil.monitoring.baseline import Baseline
from vigil.monitoring.baseline_job import run_baseline

PLAN_CHANGES = {
    "modification_protocol.evaluation.bootstrap_resamples": 100,
    "modification_protocol.monitoring.attribution.sample_cases": 200,
}


@dataclass(frozen=True)
class Promoted:
    """A model with its baseline. ``root``: of the baseline job; ``folder``: of what it wrote."""

    root: Path
    plan: Plan
    dataset: Path
    model: TriageModel
    baseline: Baseline

    @property
    def folder(self) -> Path:
        return self.root / "processing/output"

    @property
    def archive(self) -> Path:
        return self.root / "processing/input/model/model.tar.gz"


def promote(root: Path, dataset: Path) -> Promoted:
    """Train, and make the baseline, with ``root`` for /opt/ml."""
    plan = plan_with(**PLAN_CHANGES)
    write_dataset(dataset)
    write_job_inputs(root, dataset, plan, QUICK)
    run_training(root, lambda _line: None)
    pack_model(root)
    baseline = run_baseline(root, lambda _line: None)
    return Promoted(root, plan, dataset, load_model(root / "model"), baseline)
