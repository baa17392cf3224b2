"""The dossier: the evidence beside the model in service, and in words what cannot be shown."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from candidate_evidence import passing_evaluation
from dossier_bench import OLD_DATASET, OLDER_DATASET, DossierBench

from vigil.approvals.dossier import Dossier
from vigil.approvals.models import Meaning


@pytest.fixture
def bench() -> DossierBench:
    return DossierBench.make()


def test_candidate_and_model_in_service_stand_side_by_side(bench):
    found = bench.dossier()
    assert found.problem is None and found.evaluation is not None and found.plan == bench.plan
    assert found.serving is not None and found.serving.evaluation is not None
    assert found.serving.evaluation.dataset_version == OLD_DATASET
    assert [line.split(",")[0] for line in found.serving.signed_by] == [
        "Quinn (quality-assurance", "Ana (model-owner",
    ]  # fmt: skip


def test_it_survives_the_way_to_the_page_and_holds_no_token(bench):
    found = bench.dossier()
    text = found.model_dump_json()
    assert Dossier.model_validate_json(text) == found
    assert "ciphertext" not in text


def test_each_dataset_version_shows_its_drift_from_the_one_before_and_from_the_serving_one(bench):
    found = bench.dossier()
    assert found.dataset is not None and found.serving_dataset is not None
    assert (found.dataset.compared_with, found.serving_dataset.compared_with) == (OLD_DATASET, OLDER_DATASET)
    column, distance, words = found.dataset.drift[0]
    assert column == "sex" and 0.1 < distance < 0.3
    assert "F 60.0% → 80.0%" in words
    assert found.drift_from_serving == found.dataset.drift
    assert found.dataset.warnings == ["few-weights"]


def test_changes_name_what_differs_and_nothing_else(bench):
    changes = {each.what: (each.before, each.after) for each in bench.dossier().changes}
    assert changes == {
        "code revision": ("revision-0", "revision-1"),
        "dataset version": (OLD_DATASET, "d" * 64),
    }


def test_a_changed_limit_of_the_plan_is_named_with_both_values(bench):
    document = bench.plan.model_dump(mode="json")
    document["modification_protocol"]["acceptance"]["synthetic"]["limits"][0]["at_least"] = 0.75
    older = type(bench.plan).model_validate(document | {"version": "0.9"})
    bench.rows["old"] = bench.open(passing_evaluation(older, dataset_version=OLD_DATASET), "run-0", older)
    changes = {each.what: (each.before, each.after) for each in bench.dossier().changes}
    limit = "plan: modification_protocol.acceptance.synthetic.limits.discrimination-newest-quarter.at_least"
    assert changes[limit] == ("0.75", "0.8")
    assert changes["plan: version"] == ("0.9", bench.plan.version)


def test_the_first_model_of_all_has_nothing_beside_it(bench):
    bench.record = None
    found = bench.dossier()
    assert (found.serving, found.serving_dataset, found.drift_from_serving) == (None, None, [])
    assert all(each.before is None for each in found.changes)
    assert {"code revision", "image", "plan", "training cases"} <= {each.what for each in found.changes}


def test_known_limits_are_those_of_plan_data_and_figures(bench):
    limits = "\n".join(bench.dossier().known_limits)
    for words in (
        bench.plan.intended_use.not_for, bench.plan.impact_assessment.residual, "data profile is synthetic",
        "AUROC 0.880 (95 % interval 0.860 to 0.900) from 1,200 cases", "not shown to be better than the baseline",
        "evaluated on another dataset version",
    ):  # fmt: skip
        assert words in limits


@pytest.mark.parametrize(
    ("revision", "words"),
    [("f" * 40 + "-changed-0123456789abcdef", "not committed"), ("code-0123456789abcdef", "version control")],
)
def test_code_that_nobody_can_fetch_again_is_a_known_limit_and_told_among_the_changes(bench, revision, words):
    assert not any("cannot be fetched again" in line for line in bench.dossier().known_limits)
    bench.rows["new"] = bench.open(passing_evaluation(bench.plan, code_revision=revision))
    found = bench.dossier()
    (limit,) = [line for line in found.known_limits if "cannot be fetched again" in line]
    assert limit.startswith("The code of the candidate") and words in limit and "0123456789abcdef" in limit
    (change,) = [each for each in found.changes if each.what == "code revision"]
    assert change.after.startswith(revision + " (") and words in change.after and change.before == "revision-0"


def test_code_of_the_model_in_service_that_nobody_can_fetch_again_is_a_known_limit(bench):
    old = passing_evaluation(bench.plan, dataset_version=OLD_DATASET, code_revision="code-0123456789abcdef")
    bench.rows["old"] = bench.signed_by_all(bench.open(old, "run-0"))
    assert any("The code of the model in service" in line for line in bench.dossier().known_limits)


def test_small_subgroups_are_named_with_their_size(bench):
    document = passing_evaluation(bench.plan).model_dump(mode="json")
    document["splits"]["test_next"]["subgroups"]["sex_missing"]["n"] = 41
    bench.rows["new"] = bench.open(type(passing_evaluation(bench.plan)).model_validate(document))
    assert any("newest quarter" in line and "sex missing (41)" in line for line in bench.dossier().known_limits)


def test_signatures_fill_the_seats_they_are_for(bench):
    first = bench.plan.protocol.approval.signatures[0]
    bench.rows["new"] = bench.signed(bench.rows["new"], "quinn", first.role, Meaning(first.meaning))
    found = bench.dossier()
    assert found.verified == [True]
    assert [seat.printed_name for seat in found.seats] == ["Quinn", None]
    assert not any(seat.deputies_may_sign for seat in found.seats)


def test_deputies_may_sign_once_the_request_was_escalated(bench):
    request = bench.rows["new"]
    bench.rows["new"] = request.model_copy(update={"escalated_at": request.created_at})
    assert all(seat.deputies_may_sign for seat in bench.dossier().seats)


@pytest.mark.parametrize(
    "change", [{"printed_name": "Somebody Else"}, {"comment": "other"}, {"signature": "AAAA"}, {"request_id": "apr-x"}]
)
def test_a_signature_that_does_not_verify_fills_no_seat(bench, change):
    request = bench.signed_by_all(bench.rows["new"])
    forged = request.signatures[0].model_copy(update=change)
    bench.rows["new"] = request.model_copy(update={"signatures": [forged, request.signatures[1]]})
    found = bench.dossier()
    assert found.verified == [False, True]
    assert [seat.printed_name for seat in found.seats] == [None, "Ana"]


def test_evidence_that_was_edited_is_not_shown_as_evidence(bench):
    uri = bench.rows["new"].facts.evaluation_uri
    found = bench.evidence.evaluations[uri]
    bench.evidence.evaluations[uri] = found.model_copy(update={"training_cases": 1})
    dossier = bench.dossier()
    assert dossier.evaluation is None
    assert "was changed" in str(dossier.problem)


def test_a_model_in_service_whose_evidence_is_gone_hides_nothing_of_the_candidate(bench):
    del bench.evidence.evaluations[bench.rows["old"].facts.evaluation_uri]
    found = bench.dossier()
    assert found.evaluation is not None and found.serving is not None
    assert found.serving.evaluation is None and found.serving.problem
    assert any("cannot be read" in line for line in found.known_limits)
    del bench.rows["old"]
    found = bench.dossier()
    assert found.serving is not None and "not in the table" in str(found.serving.problem)


def test_a_dataset_that_cannot_be_read_says_so_in_its_place(bench):
    del bench.datasets.profiles[OLD_DATASET]
    found = bench.dossier()
    assert found.dataset is not None and found.dataset.drift == [] and "cannot be shown" in str(found.dataset.problem)
    assert any("nothing is known of" in line for line in found.known_limits)
    bench.datasets.releases.clear()
    found = bench.dossier()
    assert found.dataset is not None and found.dataset.problem


def test_a_dataset_without_predecessor_has_no_drift(bench):
    bench.datasets.releases["d" * 64] = replace(bench.datasets.releases["d" * 64], compared_with=None)
    found = bench.dossier()
    assert found.dataset is not None and (found.dataset.drift, found.dataset.problem) == ([], None)


def test_the_function_that_signs_needs_no_numbers_library():
    heavy = "numpy,pandas,scipy,xgboost,matplotlib,ibis,duckdb,sklearn"
    program = (
        "import sys, vigil.approvals.dossier_build, vigil.aws.dossier_ports; from vigil.datasets.drift import compare;"
        f"sys.exit(' '.join(name for name in '{heavy}'.split(',') if name in sys.modules) or None)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert found.returncode == 0, found.stderr
