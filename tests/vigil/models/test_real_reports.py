"""Real FAERS reports of 2023: trained on the first three quarters, tested on the fourth. Figures are printed (-s)."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vigil.cases.feature_fields import BANNED_FIELDS
from vigil.cases.schema import CURATED_SCHEMA
from vigil.change_control.gate import Verdict, judge
from vigil.change_control.models import Plan
from vigil.change_control.plan import load_plan
from vigil.datasets.assemble import assemble
from vigil.datasets.build import build_dataset
from vigil.datasets.split_settings import SPLIT_FILES
from vigil.models.evaluate import RunFacts, evaluate
from vigil.models.hyperparameters import parse_hyperparameters
from vigil.models.models import Evaluation
from vigil.models.train import train

pytestmark = pytest.mark.real_data

Change = Callable[[list[dict[str, Any]], str], None]


@pytest.fixture(scope="module")
def project_plan(repository: Path) -> Plan:
    return load_plan(repository / "change_control" / "plan.yaml")


@pytest.fixture(scope="module")
def real_dataset(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset version made by the pipeline itself from the four quarters of 2023."""
    folder = tmp_path_factory.mktemp("real")
    archives = sorted((real_data / "faers").glob("faers_ascii_2023q*_sample.zip"))
    build_dataset(archives, folder / "work", folder / "staging", "openfda-sample")
    assemble(folder / "staging", folder / "version")
    return folder / "version"


def judged(dataset: Path, plan: Plan) -> tuple[Evaluation, Verdict]:
    chosen = parse_hyperparameters({}, plan.hyperparameters)
    model = train(dataset, plan, chosen, "0" * 64, print)
    facts = RunFacts("a" * 64, "0" * 64, "test", profile="openfda-sample")
    evaluation = evaluate(model, dataset, plan, facts, print)
    return evaluation, judge(evaluation, plan)


def changed(dataset: Path, folder: Path, change: Change) -> Path:
    """A copy of the dataset whose rows ``change`` has edited in place, split by split."""
    shutil.copytree(dataset, folder)
    for name, file in SPLIT_FILES.items():
        cases = pq.ParquetFile(folder / file).read().to_pylist()
        change(cases, name)
        pq.write_table(pa.Table.from_pylist(cases, schema=CURATED_SCHEMA), folder / file)
    return folder


@pytest.fixture(scope="module")
def honest(real_dataset: Path, project_plan: Plan) -> tuple[Evaluation, Verdict]:
    return judged(real_dataset, project_plan)


def test_the_newest_quarter_is_predicted_well_enough_without_any_banned_field(
    honest: tuple[Evaluation, Verdict],
) -> None:
    evaluation, verdict = honest
    show(evaluation)
    newest = evaluation.splits["test_next"]
    assert newest.population.n == 1260
    assert not set(evaluation.features.fields) & set(BANNED_FIELDS)
    assert (newest.candidate.overall.auroc.value or 0) >= 0.86
    assert (newest.baseline.overall.auroc.value or 0) >= 0.84
    assert verdict.outcome == "within-plan", verdict.summary


def test_the_ensemble_is_better_than_the_baseline(honest: tuple[Evaluation, Verdict]) -> None:
    for split in honest[0].splits.values():
        assert split.difference.auroc.low is not None
        assert split.difference.auroc.low > 0
        assert (split.difference.brier.value or 0) < 0


def test_a_report_code_smuggled_in_as_a_reaction_trips_the_leak_alarm(
    real_dataset: Path, project_plan: Plan, tmp_path: Path
) -> None:
    """Past the check of field names: the sender's decision hidden in a field that is allowed."""

    def smuggle(cases: list[dict[str, Any]], _split: str) -> None:
        for case in cases:
            case["reactions"] = [*case["reactions"], f"reportcode {case['report_code']}"]

    evaluation, verdict = judged(changed(real_dataset, tmp_path / "leaky", smuggle), project_plan)
    print(evaluation.leak_check)
    assert evaluation.leak_check.highest_auroc > 0.95
    assert "reportcode" in evaluation.leak_check.strongest_feature
    assert verdict.outcome == "leak-suspected"


def test_shuffled_labels_fail_the_gate(real_dataset: Path, project_plan: Plan, tmp_path: Path) -> None:
    def shuffle(cases: list[dict[str, Any]], split: str) -> None:
        if split in ("train", "validation"):
            labels = [case["serious"] for case in cases]
            random.Random(4).shuffle(labels)
            for case, label in zip(cases, labels, strict=True):
                case["serious"] = label

    evaluation, verdict = judged(changed(real_dataset, tmp_path / "shuffled", shuffle), project_plan)
    auroc = evaluation.splits["test_next"].candidate.overall.auroc
    print(f"shuffled labels: {auroc}")
    assert 0.35 < (auroc.value or 0) < 0.65
    assert verdict.outcome == "below-limits"


def show(evaluation: Evaluation) -> None:
    print(f"\n{evaluation.training_cases} training cases, {evaluation.features.terms} terms, weights", end=" ")
    print(evaluation.ensemble_weights)
    for name, split in evaluation.splits.items():
        print(f"{name}: {split.population}")
        for role in ("baseline", "candidate"):
            found = split.model(role).overall
            print("  ", role, {field: (m.value, m.low, m.high) for field, m in found})
        for group, population in split.subgroups.items():
            auroc, error = split.candidate.subgroups[group].auroc, split.candidate.subgroups[group].calibration_error
            print(f"   {group}: n {population.n}, {population.prevalence:.0%} serious, AUROC", end=" ")
            print(auroc.value, f"({auroc.low} to {auroc.high}), calibration error {error.value}")
    print(evaluation.leak_check)
