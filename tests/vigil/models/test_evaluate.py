from pathlib import Path

import pytest
from triage_cases import rows, write_split

from vigil.change_control.models import Plan
from vigil.models.artefact import TriageModel
from vigil.models.evaluate import MissingSubgroupError, RunFacts, evaluate
from vigil.models.models import Evaluation

FACTS = RunFacts(artefact_digest="a" * 64, dataset_version="0" * 64, code_revision="abc", profile="synthetic")


def run(model: TriageModel, dataset: Path, plan: Plan) -> Evaluation:
    return evaluate(model, dataset, plan, FACTS, lambda _line: None)


@pytest.fixture(scope="module")
def evaluation(model: TriageModel, dataset: Path, plan: Plan) -> Evaluation:
    return run(model, dataset, plan)


def test_the_same_input_gives_the_same_bytes(
    evaluation: Evaluation, model: TriageModel, dataset: Path, plan: Plan
) -> None:
    assert run(model, dataset, plan).to_json() == evaluation.to_json()


def test_it_survives_being_written_and_read(evaluation: Evaluation) -> None:
    read = Evaluation.model_validate_json(evaluation.to_json())
    assert read == evaluation
    assert read.digest == evaluation.digest


def test_both_models_are_measured_on_both_splits_and_in_every_subgroup(evaluation: Evaluation, plan: Plan) -> None:
    assert set(evaluation.splits) == {"test", "test_next"}
    for split in evaluation.splits.values():
        assert set(split.subgroups) == set(plan.protocol.data.subgroups)
        for model in (split.baseline, split.candidate):
            assert set(model.subgroups) == set(split.subgroups)
            auroc = model.overall.auroc
            assert auroc.low is not None and auroc.value is not None and auroc.high is not None
            assert 0.7 < auroc.low < auroc.value < auroc.high < 1


def test_subgroups_of_one_kind_add_up_to_the_whole(evaluation: Evaluation) -> None:
    for split in evaluation.splits.values():
        for kind in ("sex_", "age_"):
            assert (
                sum(found.n for name, found in split.subgroups.items() if name.startswith(kind)) == split.population.n
            )


def test_curves_are_bounded_and_run_from_corner_to_corner(evaluation: Evaluation) -> None:
    curves = evaluation.splits["test"].candidate.curves
    assert curves.roc[0] == (0, 0) and curves.roc[-1] == (1, 1)
    assert max(len(curves.roc), len(curves.pr)) <= 102
    assert sum(point.n for point in curves.calibration) == evaluation.splits["test"].population.n
    assert sum(each.serious + each.not_serious for each in curves.scores) == evaluation.splits["test"].population.n
    assert [point.predicted for point in curves.calibration] == sorted(point.predicted for point in curves.calibration)


def test_the_terms_that_drive_the_baseline_are_the_ones_that_made_the_cases(evaluation: Evaluation) -> None:
    ranked = [entry.term for entry in evaluation.top_terms]
    assert ranked.index("term:hepatic failure") < ranked.index("term:device leakage")


def test_honest_features_raise_no_alarm(evaluation: Evaluation, plan: Plan) -> None:
    assert evaluation.leak_check.banned_fields == []
    assert evaluation.leak_check.strongest_feature_auroc < plan.protocol.leak_alarm.single_feature_auroc


def with_test_split(folder: Path, cases: list[dict[str, object]]) -> Path:
    for name in ("test", "test_next"):
        write_split(folder, name, cases)
    return folder


def test_a_missing_subgroup_stops_the_evaluation_by_name(model: TriageModel, plan: Plan, tmp_path: Path) -> None:
    cases = [case for case in rows(400, seed=40) if case["sex"] != "F"]
    with pytest.raises(MissingSubgroupError, match=r"test: too few cases .*sex_F 0"):
        run(model, with_test_split(tmp_path, cases), plan)


def test_a_split_without_serious_cases_stops_the_evaluation(model: TriageModel, plan: Plan, tmp_path: Path) -> None:
    cases = [case for case in rows(400, seed=41) if not case["serious"]]
    with pytest.raises(MissingSubgroupError, match="serious and non-serious"):
        run(model, with_test_split(tmp_path, cases), plan)
