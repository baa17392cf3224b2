import json
from pathlib import Path

import pytest
from triage_cases import QUICK, pack_model, plan_with, quick_plan, write_dataset, write_job_inputs

from vigil.change_control.models import Plan
from vigil.datasets.manifest import ManifestError
from vigil.digests import tree_digest
from vigil.models.hyperparameters import HyperparameterError
from vigil.models.jobs import JobInputError, run_evaluation, run_training


def silent(_line: str) -> None:
    return None


@pytest.fixture
def root(dataset: Path, tmp_path: Path) -> Path:
    write_job_inputs(tmp_path, dataset, quick_plan(), QUICK)
    return tmp_path


@pytest.fixture
def trained(root: Path) -> Path:
    run_training(root, silent)
    pack_model(root)
    return root


def replace_plan(root: Path, plan: Plan) -> None:
    (root / "processing/input/plan/plan.json").write_bytes(plan.to_json())


def test_training_leaves_the_model_and_the_digests(root: Path) -> None:
    digest = run_training(root, silent)
    facts = json.loads((root / "output/data/training.json").read_text())
    assert digest == facts["artefact_digest"] == tree_digest(root / "model")
    assert facts["plan_digest"] == quick_plan().digest
    assert facts["hyperparameters"]["trees"] == QUICK["trees"]


def test_evaluation_is_bound_to_what_it_evaluated(trained: Path) -> None:
    evaluation = run_evaluation(trained, "revision-1", silent)
    assert evaluation.artefact_digest == tree_digest(trained / "model")
    assert evaluation.plan_digest == quick_plan().digest
    assert evaluation.code_revision == "revision-1"
    assert evaluation.profile == "synthetic"
    assert (trained / "processing/output/evaluation.json").read_bytes() == evaluation.to_json()


def test_a_changed_file_of_the_dataset_stops_the_training(root: Path, tmp_path: Path) -> None:
    (root / "input/data/dataset").unlink()
    write_dataset(root / "input/data/dataset", seed=2)
    with (root / "input/data/dataset/cases/split=train/cases.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ManifestError, match=r"split=train/cases\.parquet"):
        run_training(root, silent)
    assert not (root / "model").exists()


def test_evaluation_on_another_dataset_is_refused(trained: Path) -> None:
    (trained / "processing/input/dataset").unlink()
    write_dataset(trained / "processing/input/dataset", seed=3)
    with pytest.raises(JobInputError, match="trained with dataset"):
        run_evaluation(trained, "revision-1", silent)


def test_evaluation_under_another_plan_is_refused(trained: Path) -> None:
    replace_plan(trained, plan_with(version="2.0"))
    with pytest.raises(JobInputError, match="trained with plan"):
        run_evaluation(trained, "revision-1", silent)


def test_a_missing_input_is_named(root: Path) -> None:
    (root / "input/data/plan/plan.json").unlink()
    with pytest.raises(JobInputError, match=r"plan/plan\.json is missing"):
        run_training(root, silent)


def test_a_hyperparameter_outside_the_plan_stops_the_training(root: Path) -> None:
    (root / "input/config/hyperparameters.json").write_text(json.dumps({"max_depth": "99"}))
    with pytest.raises(HyperparameterError, match="max_depth"):
        run_training(root, silent)
