"""What a request stands beside: what serves while it waits, what served when it was signed once it is decided."""

from __future__ import annotations

import pytest
from approval_bench import Bench
from candidate_evidence import passing_evaluation
from dossier_bench import OLD_DATASET, DossierBench

from vigil.approvals.models import ApprovalRequest, Meaning, Served, Status
from vigil.approvals.serving import NOT_RECORDED, ServingRecord, witnessed

OLD = ServingRecord("arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/1", "apr-old", "2026-01-05")
NEWER = ServingRecord("arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/2", "apr-new", "2026-02-05")


@pytest.fixture
def bench() -> Bench:
    return Bench.make()


@pytest.fixture
def decided() -> DossierBench:
    """The candidate was approved beside the old model, and serves now."""
    made = DossierBench.make()
    before = made.record
    assert before is not None
    request = made.signed_by_all(made.rows["new"])
    made.rows["new"] = request.model_copy(update={"served": witnessed([], before, request.created_at)})
    made.record = ServingRecord(request.facts.model_package_arn, "new", "2026-03-03T00:00:00.000000Z")
    return made


def packages(request: ApprovalRequest) -> list[str]:
    return [each.model_package_arn for each in request.served]


def test_what_serves_is_kept_when_a_request_is_opened(bench):
    bench.serving.record = OLD
    (served,) = bench.open().served
    assert (served.model_package_arn, served.approval_request_id, served.since) == (
        OLD.model_package_arn, "apr-old", "2026-01-05",
    )  # fmt: skip


def test_that_nothing_served_is_kept_too(bench):
    assert packages(bench.open()) == [""]


def test_another_model_at_a_signature_is_kept_with_the_time_of_the_signature(bench):
    bench.serving.record = OLD
    request = bench.sign(bench.open(), Meaning.REVIEWED, "quinn")
    assert packages(request) == [OLD.model_package_arn]
    bench.serving.record = NEWER
    request = bench.sign(request, Meaning.APPROVED, "ana")
    assert packages(request) == [OLD.model_package_arn, NEWER.model_package_arn]
    assert request.served[-1].at == request.signatures[-1].signed_at


def test_a_redriven_wait_keeps_what_its_signers_saw(bench):
    bench.serving.record = OLD
    first = bench.sign(bench.open(), Meaning.REVIEWED, "quinn")
    bench.serving.record = NEWER
    bench.clock.advance(minutes=5)
    again = bench.open(attempt=1)
    assert again.carried_from == first.request_id
    assert packages(again) == [OLD.model_package_arn]


def test_a_decided_request_stands_beside_what_its_signers_saw_and_not_beside_itself(decided):
    found = decided.dossier()
    assert found.serving is not None and found.serving.approval_request_id == "old"
    assert found.serving.evaluation is not None and found.serving.evaluation.dataset_version == OLD_DATASET
    assert {each.what for each in found.changes} == {"code revision", "dataset version"}
    assert found.drift_from_serving
    assert found.beside is not None and "last signed, 2026-03-02" in found.beside


def test_a_decided_request_whose_model_was_the_first_stands_beside_nothing(decided):
    request = decided.rows["new"]
    decided.rows["new"] = request.model_copy(update={"served": witnessed([], None, request.created_at)})
    found = decided.dossier()
    assert found.serving is None and "no model" in str(found.beside)


def test_of_a_request_of_before_it_was_kept_it_is_said_that_it_is_not_known(decided):
    decided.rows["new"] = decided.rows["new"].model_copy(update={"served": []})
    assert decided.dossier().beside == NOT_RECORDED


def test_each_model_that_stood_beside_it_is_named_until_when(decided):
    request = decided.rows["new"]
    first = Served(at=request.created_at, model_package_arn="the-first", approval_request_id="x", since="y")
    decided.rows["new"] = request.model_copy(update={"served": [first, *request.served]})
    words = str(decided.dossier().beside)
    assert "the-first" in words and words.index(request.served[-1].model_package_arn) < words.index("the-first")


def test_a_request_that_waits_stands_beside_what_serves_now(decided):
    request = decided.rows["new"].model_copy(update={"status": Status.PENDING, "signatures": []})
    other = decided.open(passing_evaluation(decided.plan, dataset_version=OLD_DATASET), "run-2")
    decided.rows |= {"new": request, "other": decided.signed_by_all(other)}
    decided.record = ServingRecord("a-newer-one", "other", "2026-03-02T09:31:00.000000Z")
    found = decided.dossier()
    assert found.serving is not None and found.serving.model_package_arn == "a-newer-one"
    assert "has changed since the request was opened" in str(found.beside)
    assert request.served[-1].model_package_arn in str(found.beside)


def test_nothing_is_said_where_what_serves_is_as_it_was():
    bench = DossierBench.make()
    request = bench.rows["new"]
    bench.rows["new"] = request.model_copy(update={"served": witnessed([], bench.record, request.created_at)})
    assert bench.dossier().beside is None
