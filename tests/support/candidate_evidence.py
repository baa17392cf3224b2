"""A candidate whose evidence passes the real plan's gate: invented figures, real limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigil.approvals.models import Facts
from vigil.change_control.gate import judge
from vigil.change_control.models import Plan
from vigil.change_control.plan import load_plan
from vigil.models.models import Evaluation

DIGESTS = {"artefact": "a" * 64, "dataset": "d" * 64}


def real_plan() -> Plan:
    return load_plan(Path(__file__).resolve().parents[2] / "change_control" / "plan.yaml")


def passing_evaluation(plan: Plan, **changes: Any) -> Evaluation:
    """Invented figures that the plan's limits for synthetic data accept."""

    def measures(**values: float) -> dict[str, Any]:
        usual = {"auroc": 0.88, "average_precision": 0.9, "brier": 0.13}
        usual |= {"calibration_error": 0.03, "recall_at_capacity": 0.8}
        return {
            name: {"value": value, "low": value - 0.02, "high": value + 0.02}
            for name, value in (usual | values).items()
        }

    groups = ("us", "non_us", "sex_F", "sex_M", "sex_missing", "age_0_17", "age_18_64", "age_65_up", "age_missing")
    model = {
        "overall": measures(),
        "subgroups": dict.fromkeys(groups, measures()),
        "curves": {
            "roc": [[0, 0], [1, 1]],
            "pr": [[0, 1]],
            "calibration": [{"predicted": 0.5, "observed": 0.5, "n": 9}],
            "scores": [{"low": 0, "high": 1, "serious": 660, "not_serious": 540}],
        },
    }
    population = {"n": 1200, "prevalence": 0.55}
    split = {
        "population": population,
        "subgroups": dict.fromkeys(groups, population),
        "baseline": model,
        "candidate": model,
        "difference": {name: {"value": 0.01, "low": 0.0, "high": 0.02} for name in measures()},
    }
    document = {
        "artefact_digest": DIGESTS["artefact"],
        "dataset_version": DIGESTS["dataset"],
        "plan_digest": plan.digest,
        "code_revision": "revision-1",
        "profile": "synthetic",
        "training_cases": 100_000,
        "hyperparameters": {},
        "features": {
            "fields": ["reactions"], "terms": 900, "words": 300, "numbers": [], "min_document_frequency": 5,
        },
        "ensemble_weights": {"linear": 1.0},
        "review_capacity": 0.5,
        "calibration_bins": 10,
        "bootstrap_resamples": 200,
        "bootstrap_seed": 7,
        "splits": {"test": split, "test_next": split},
        "leak_check": {
            "banned_fields": [], "highest_auroc": 0.88, "highest_auroc_split": "test",
            "strongest_feature": "death", "strongest_feature_auroc": 0.6,
        },
        "top_terms": [{"term": "sepsis", "coefficient": 2.5}],
    }  # fmt: skip
    return Evaluation.model_validate(document | changes)


def facts_for(evaluation: Evaluation, plan: Plan, **changes: Any) -> Facts:
    document = {
        "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/1",
        "artefact_digest": evaluation.artefact_digest,
        "artefact_uri": "s3://models/artefacts/a/model.tar.gz",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/vigil-ml@sha256:0",
        "dataset_version": evaluation.dataset_version,
        "evaluation_digest": evaluation.digest,
        "evaluation_uri": "s3://models/evaluations/e/evaluation.json",
        "plan_digest": plan.digest,
        "code_revision": evaluation.code_revision,
        "verdict": judge(evaluation, plan),
        "requested_by": "airflow:dana",
        "plan_changed_by": "Pat Planner <pat@example.org>",
    }
    return Facts(**(document | changes))


REVIEWER, OWNER = real_plan().protocol.approval.roles
ROLE = OWNER
