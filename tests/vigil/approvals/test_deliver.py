import pytest
from approval_fakes import EXECUTION, TOKEN, proof_of
from vigil.approvals.decide import DecisionOrder, decide

from vigil.approvals.deliver import Delivery, deliver, sweep
from vigil.approvals.models import Decision, Status


@pytest.fixture
def approved(bench):
    request = bench.open()
    return decide(DecisionOrder(request.request_id, Decision.APPROVED), proof_of("ana"), bench.deciding)


def test_an_approval_reaches_the_run_once(bench, approved):
    assert deliver(approved.request_id, bench.delivery) is Delivery.DELIVERED
    assert bench.runs.succeeded[EXECUTION] == {"request_id": approved.request_id, "decision": "APPROVED"}
    assert bench.store.get(approved.request_id).delivered_at == bench.clock()
    assert deliver(approved.request_id, bench.delivery) is Delivery.NOTHING_TO_DO


def test_a_rejection_is_delivered_as_an_answer_with_its_reason(bench):
    request = bench.open()
    decide(DecisionOrder(request.request_id, Decision.REJECTED, "too few US cases"), proof_of("ana"), bench.deciding)
    assert deliver(request.request_id, bench.delivery) is Delivery.DELIVERED
    assert bench.runs.succeeded[EXECUTION]["decision"] == "REJECTED"
    assert "too few US cases" in bench.runs.succeeded[EXECUTION]["reason"]


def test_a_row_flipped_to_approved_without_a_signature_ends_the_run(bench):
    request = bench.open()
    bench.store.change(request.request_id, status=Status.APPROVED)
    assert deliver(request.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID
    assert bench.runs.failed[EXECUTION][0] == "SignatureInvalid"
    assert not bench.runs.succeeded
    assert bench.store.get(request.request_id).status is Status.DECIDED_NOT_APPLIED


def test_a_rejection_flipped_to_approval_ends_the_run(bench):
    request = bench.open()
    decide(DecisionOrder(request.request_id, Decision.REJECTED, "no"), proof_of("ana"), bench.deciding)
    bench.store.change(request.request_id, status=Status.APPROVED)
    assert deliver(request.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID


def test_a_signature_copied_from_another_request_ends_the_run(bench, approved):
    other = bench.open(execution=EXECUTION + "-2", token=TOKEN + "2")
    bench.store.change(other.request_id, status=Status.APPROVED, decision=approved.decision)
    assert deliver(other.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID
    assert bench.runs.failed[EXECUTION + "-2"][0] == "SignatureInvalid"


def test_a_pending_request_is_not_delivered(bench):
    request = bench.open()
    assert deliver(request.request_id, bench.delivery) is Delivery.NOTHING_TO_DO
    assert EXECUTION in bench.runs.waiting.values()


def test_a_decision_whose_wait_has_ended_is_marked(bench, approved):
    bench.runs.waiting.clear()
    assert deliver(approved.request_id, bench.delivery) is Delivery.NOT_APPLIED
    assert bench.store.get(approved.request_id).status is Status.DECIDED_NOT_APPLIED


def test_a_crash_between_sending_and_marking_loses_nothing(bench, approved):
    """The second delivery finds the token spent, and that it was spent by this very answer."""
    mark = bench.store.mark_delivered
    bench.store.mark_delivered = lambda *_: (_ for _ in ()).throw(ConnectionError("killed here"))
    with pytest.raises(ConnectionError):
        deliver(approved.request_id, bench.delivery)
    bench.store.mark_delivered = mark
    assert deliver(approved.request_id, bench.delivery) is Delivery.DELIVERED
    assert bench.store.get(approved.request_id).status is Status.APPROVED


def test_the_sweep_delivers_what_nobody_delivered(bench, approved):
    assert sweep(bench.delivery) == {approved.request_id: Delivery.DELIVERED.value}
    assert sweep(bench.delivery) == {}


def test_the_sweep_withdraws_the_request_of_a_run_that_was_stopped(bench):
    request = bench.open()
    bench.runs.waiting.clear()
    assert sweep(bench.delivery) == {request.request_id: "WITHDRAWN"}


def test_the_sweep_expires_what_nobody_decided(bench):
    request = bench.open()
    bench.clock.advance(days=14, seconds=1)
    assert sweep(bench.delivery) == {request.request_id: "EXPIRED"}


def test_the_sweep_leaves_a_request_that_waits(bench):
    bench.open()
    assert sweep(bench.delivery) == {}


def test_one_request_that_fails_does_not_stop_the_sweep_of_the_others(bench, approved):
    broken = bench.open(execution=EXECUTION + "-2", token=TOKEN + "2")
    bench.store.change(broken.request_id, status=Status.APPROVED, token_ciphertext="not a ciphertext")
    done = sweep(bench.delivery)
    assert done[approved.request_id] == Delivery.DELIVERED.value
    assert done[broken.request_id].startswith("failed")


def test_superseding_that_fails_does_not_stop_the_delivery_of_decisions(bench, approved, monkeypatch):
    def broken(store):
        raise ConnectionError("not now")

    monkeypatch.setattr("vigil.approvals.deliver.supersede_older", broken)
    assert sweep(bench.delivery) == {approved.request_id: Delivery.DELIVERED.value}


def test_an_approval_that_was_never_applied_ages_out(bench, approved):
    deliver(approved.request_id, bench.delivery)
    bench.clock.now = approved.expires_at
    assert sweep(bench.delivery) == {}
    bench.clock.advance(minutes=30)
    assert sweep(bench.delivery) == {approved.request_id: "DECIDED_NOT_APPLIED"}
    assert "never applied" in bench.store.get(approved.request_id).note


def test_an_approval_that_was_applied_stays(bench, approved):
    deliver(approved.request_id, bench.delivery)
    bench.store.claim(approved.request_id, "an update")
    bench.clock.now = approved.expires_at.replace(year=2040)
    assert sweep(bench.delivery) == {}
