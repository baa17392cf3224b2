from pathlib import Path

import pytest
from triage_cases import QUICK, plan_with, rows, write_split

from vigil.change_control.models import Plan
from vigil.digests import tree_digest
from vigil.models.artefact import TriageModel
from vigil.models.hyperparameters import parse_hyperparameters
from vigil.models.train import TrainingDataError, train


def train_again(dataset: Path, plan: Plan, **changes: str) -> TriageModel:
    chosen = parse_hyperparameters(QUICK | changes, plan.hyperparameters)
    return train(dataset, plan, chosen, "0" * 64, lambda _line: None)


def digest(model: TriageModel, folder: Path) -> str:
    model.save(folder)
    return tree_digest(folder)


def test_the_same_input_gives_the_same_artefact_and_another_seed_another(
    model: TriageModel, dataset: Path, plan: Plan, tmp_path: Path
) -> None:
    first = digest(model, tmp_path / "first")
    assert digest(train_again(dataset, plan), tmp_path / "second") == first
    assert digest(train_again(dataset, plan, seed="7"), tmp_path / "third") != first


def test_banned_columns_of_the_dataset_never_reach_the_model(
    model: TriageModel, dataset: Path, plan: Plan, tmp_path: Path
) -> None:
    """The made-up report code tells the label; without it the artefact is the same, byte for byte."""
    for name, size in (("train", 2200), ("validation", 500)):
        offset = {"train": 0, "validation": 1}[name]
        cases = rows(size, 10 + offset, first_case=1 + offset * 10_000)
        changed = [
            case | {"report_code": "PER", "outcomes": [], "reporter_country": "US", "sender": "x"} for case in cases
        ]
        write_split(tmp_path / "data", name, changed)
    assert digest(train_again(tmp_path / "data", plan), tmp_path / "a") == digest(model, tmp_path / "b")


def test_only_the_fields_that_the_plan_allows_are_used(dataset: Path, plan: Plan) -> None:
    allowed = [{"field": "reactions", "use": "the only one"}]
    narrow = plan_with(**{"description_of_modifications.features.allowed": allowed})
    assert train_again(dataset, narrow).space.fields == ("reactions",)


def test_too_few_training_cases_are_refused(dataset: Path) -> None:
    strict = plan_with(**{"modification_protocol.data.minimum_training_cases": 2201})
    with pytest.raises(TrainingDataError, match="2200 training cases; the plan asks for 2201"):
        train_again(dataset, strict)


def test_a_split_of_one_class_is_refused(dataset: Path, plan: Plan, tmp_path: Path) -> None:
    write_split(tmp_path, "train", rows(2200, 10))
    write_split(tmp_path, "validation", [case | {"serious": True} for case in rows(50, 11)])
    with pytest.raises(TrainingDataError, match="validation needs serious and non-serious"):
        train_again(tmp_path, plan)
