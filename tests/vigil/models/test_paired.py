import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from triage_cases import QUICK, pack_model, plan_with, quick_plan, write_job_inputs

from vigil.change_control.rollout_rules import PairedTestRules
from vigil.datasets import manifest
from vigil.models.artefact import TriageModel
from vigil.models.comparison import Compared, PairedComparison, why_worse
from vigil.models.models import Measure, Measures
from vigil.models.paired import ComparisonInputError, run_comparison

RULES = PairedTestRules(split="test_next", margin=0.01, reason="a test")


def silent(_line: str) -> None:
    return None


def blinded(model: TriageModel) -> TriageModel:
    """The model with its linear part turned round, and nothing else: it knows less than chance."""
    turned = replace(model.linear, coefficients=-model.linear.coefficients)
    weights = (1.0, *([0.0] * len(model.trees)))
    return replace(model, linear=turned, settings=model.settings.model_copy(update={"weights": weights}))


@pytest.fixture
def root(dataset: Path, model: TriageModel, tmp_path: Path) -> Path:
    """Inputs in which champion and challenger are one model, trained with the dataset that lies there."""
    write_job_inputs(tmp_path, dataset, quick_plan(), QUICK)
    version = manifest.read(dataset).version
    own = replace(model, settings=model.settings.model_copy(update={"dataset_version": version}))
    hand_over(tmp_path, own, "champion")
    hand_over(tmp_path, own, "challenger")
    return tmp_path


def hand_over(root: Path, model: TriageModel, name: str) -> None:
    shutil.rmtree(root / "model", ignore_errors=True)
    shutil.rmtree(root / "processing/input" / name, ignore_errors=True)
    model.save(root / "model")
    pack_model(root)
    (root / "processing/input/model").rename(root / "processing/input" / name)


def own_model(root: Path, model: TriageModel, dataset: Path) -> TriageModel:
    return replace(
        model, settings=model.settings.model_copy(update={"dataset_version": manifest.read(dataset).version})
    )


def test_a_model_beside_itself_differs_in_nothing_and_the_bytes_are_the_same_each_time(root: Path) -> None:
    found = run_comparison(root, silent)
    assert found.difference.auroc == Measure(value=0, low=0, high=0)
    assert found.champion == found.challenger
    first = (root / "processing/output/comparison.json").read_bytes()
    assert run_comparison(root, silent).to_json() == first


def test_a_worse_challenger_is_found_on_the_rows_of_the_newest_quarter(
    root: Path, model: TriageModel, dataset: Path
) -> None:
    hand_over(root, blinded(own_model(root, model, dataset)), "challenger")
    found = run_comparison(root, silent)
    assert found.split == "test_next"
    assert found.difference.auroc.high is not None
    assert found.difference.auroc.high < -0.1
    assert "below -0.01" in why_worse(found, RULES)


def test_a_better_challenger_is_not_turned_away(root: Path, model: TriageModel, dataset: Path) -> None:
    hand_over(root, blinded(own_model(root, model, dataset)), "champion")
    assert why_worse(run_comparison(root, silent), RULES) == ""


def test_what_the_challenger_was_not_trained_with_is_refused(root: Path, model: TriageModel) -> None:
    other = plan_with(**{"modification_protocol.evaluation.bootstrap_resamples": 200})
    (root / "processing/input/plan/plan.json").write_bytes(other.to_json())
    with pytest.raises(ComparisonInputError, match="trained with plan"):
        run_comparison(root, silent)
    (root / "processing/input/plan/plan.json").write_bytes(quick_plan().to_json())
    hand_over(root, model, "challenger")
    with pytest.raises(ComparisonInputError, match="trained with dataset"):
        run_comparison(root, silent)


def test_a_missing_model_is_named(root: Path) -> None:
    (root / "processing/input/champion/model.tar.gz").unlink()
    with pytest.raises(ComparisonInputError, match=r"champion/model\.tar\.gz is missing"):
        run_comparison(root, silent)


@pytest.mark.parametrize(("high", "worse"), [(-0.011, True), (-0.01, False), (0.0, False), (None, False)], ids=str)
def test_only_a_whole_interval_below_the_margin_is_worse(high: float | None, worse: bool) -> None:
    none = Measure(value=None, low=None, high=None)
    found = none if high is None else Measure(value=high - 0.01, low=high - 0.02, high=high)
    measures = Measures(
        auroc=found, average_precision=none, brier=none, calibration_error=none, recall_at_capacity=none
    )
    one = Compared(artefact_digest="a" * 64, dataset_version="d" * 64, measures=measures)
    comparison = PairedComparison(
        champion=one, challenger=one, difference=measures, dataset_version="d" * 64, split="test_next",
        plan_digest="f" * 64, cases=100, resamples=10, seed=1,
    )  # fmt: skip
    assert bool(why_worse(comparison, RULES)) is worse
