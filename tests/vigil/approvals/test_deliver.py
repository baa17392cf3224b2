import pytest
from approval_fakes import EXECUTION, TOKEN

from vigil.approvals.deliver import Delivery, deliver, sweep
from vigil.approvals.models import Status
from vigil.approvals.timing import TIME_TO_APPLY
from vigil.audit.events import EventName


@pytest.fixture
def approved(bench):
    return bench.approved()


def test_an_approval_reaches_the_run_once(bench, approved):
    assert deliver(approved.request_id, bench.delivery) is Delivery.DELIVERED
    assert bench.runs.succeeded[EXECUTION] == {"request_id": approved.request_id, "decision": "APPROVED"}
    assert bench.store.get(approved.request_id).delivered_at == bench.clock()
    assert deliver(approved.request_id, bench.delivery) is Delivery.NOTHING_TO_DO


def test_a_rejection_is_delivered_as_an_answer_with_its_reason(bench):
    request = bench.open()
    bench.reject(request, comment="too few US cases")
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
    bench.reject(request)
    bench.store.change(request.request_id, status=Status.APPROVED)
    assert deliver(request.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID


def test_a_signature_copied_from_another_request_ends_the_run(bench, approved):
    other = bench.open(execution=EXECUTION + "-2", token=TOKEN + "2")
    bench.store.change(other.request_id, status=Status.APPROVED, signatures=approved.signatures)
    assert deliver(other.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID
    assert bench.runs.failed[EXECUTION + "-2"][0] == "SignatureInvalid"


def test_a_row_whose_expiry_was_moved_after_it_was_signed_ends_the_run(bench, approved):
    later = approved.expires_at.replace(year=2040)
    bench.store.change(approved.request_id, expires_at=later)
    assert deliver(approved.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID
    assert "it expired at another time" in bench.runs.failed[EXECUTION][1]


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
    mark = bench.store.replace
    bench.store.replace = lambda *_: (_ for _ in ()).throw(ConnectionError("killed here"))
    with pytest.raises(ConnectionError):
        deliver(approved.request_id, bench.delivery)
    bench.store.replace = mark
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
    def broken(*_):
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


def test_an_approval_with_one_signature_removed_ends_the_run(bench, approved):
    bench.store.change(approved.request_id, signatures=approved.signatures[1:])
    assert deliver(approved.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID
    assert "missing: reviewed by quality-assurance" in bench.runs.failed[EXECUTION][1]


def test_the_ledger_has_the_decision_before_the_run_has_it(bench, approved):
    heard = []
    succeed = bench.runs.succeed
    bench.runs.succeed = lambda *given: heard.append(bench.ledger.events()[-1]) or succeed(*given)
    deliver(approved.request_id, bench.delivery)
    assert heard == [EventName.DECISION_MADE]
    assert bench.ledger.events()[-1] is EventName.DECISION_DELIVERED


def test_a_run_that_uses_the_approval_before_it_is_marked_as_delivered_loses_nothing(bench, approved):
    """The run goes on the moment it has the answer."""
    succeed = bench.runs.succeed
    bench.runs.succeed = lambda *given: succeed(*given) or bench.store.claim(approved.request_id, "an update")
    assert deliver(approved.request_id, bench.delivery) is Delivery.DELIVERED
    row = bench.stored(approved)
    assert (row.applied_by, row.delivered_at) == ("an update", bench.clock())


@pytest.mark.parametrize("error", ["ThrottlingException", "ServiceUnavailable"])
def test_send_task_success_that_fails_five_times_loses_nothing_and_doubles_nothing(bench, approved, error):
    succeed, tries = bench.runs.succeed, []

    def failing(token, output):
        tries.append(output)
        if len(tries) <= 5:
            raise ConnectionError(error)
        succeed(token, output)

    bench.runs.succeed = failing
    for _ in range(5):
        assert sweep(bench.delivery)[approved.request_id] == "failed: ConnectionError"
        assert bench.stored(approved).delivered_at is None
    assert sweep(bench.delivery) == {approved.request_id: Delivery.DELIVERED.value}
    assert sweep(bench.delivery) == {}
    assert len(tries) == 6
    assert bench.ledger.events().count(EventName.DECISION_MADE) == 1
    assert bench.ledger.events().count(EventName.DECISION_DELIVERED) == 1


def test_what_the_sweep_closes_is_recorded_with_its_reason(bench):
    bench.open()
    bench.clock.advance(days=14, seconds=1)
    sweep(bench.delivery)
    (record,) = bench.ledger.of(EventName.REQUEST_CLOSED)
    assert (record.new["status"], record.details["why"]) == ("EXPIRED", "nobody decided in time")


def test_a_decision_that_could_not_be_applied_is_recorded(bench, approved):
    bench.runs.waiting.clear()
    deliver(approved.request_id, bench.delivery)
    (record,) = bench.ledger.of(EventName.DECISION_NOT_APPLIED)
    assert record.old["status"] == "APPROVED"


def test_a_delivery_that_finds_the_wait_answered_voids_nothing_while_the_history_does_not_show_by_whom(bench, approved):
    """Stream and sweep at once: the one has sent the answer and not marked it, the other reads a history that lags."""
    send, found = bench.runs.succeed, []

    def sent_while_another_delivers(*given):
        bench.runs.succeed = send
        send(*given)
        bench.runs.lags = True
        found.append(deliver(approved.request_id, bench.delivery))

    bench.runs.succeed = sent_while_another_delivers
    assert deliver(approved.request_id, bench.delivery) is Delivery.DELIVERED
    assert found == [Delivery.UNCLEAR]
    row = bench.stored(approved)
    assert (row.status, row.delivered_at) == (Status.APPROVED, bench.clock())
    assert not bench.ledger.of(EventName.DECISION_NOT_APPLIED)


def test_what_the_history_did_not_show_is_marked_by_a_later_sweep(bench, approved):
    bench.runs.waiting.clear()
    bench.runs.lags = True
    assert sweep(bench.delivery) == {approved.request_id: Delivery.UNCLEAR.value}
    bench.runs.lags = False
    assert sweep(bench.delivery) == {approved.request_id: Delivery.NOT_APPLIED.value}


def test_a_history_that_never_shows_it_leaves_nothing_open_past_the_expiry(bench, approved):
    bench.runs.waiting.clear()
    bench.runs.lags = True
    bench.clock.now = approved.expires_at + TIME_TO_APPLY
    assert sweep(bench.delivery) == {approved.request_id: Delivery.NOT_APPLIED.value}


def test_an_approval_that_is_in_use_was_received_whatever_the_history_shows(bench, approved):
    bench.runs.waiting.clear()
    bench.runs.lags = True
    bench.store.claim(approved.request_id, "an update")
    assert sweep(bench.delivery) == {approved.request_id: Delivery.DELIVERED.value}


def test_a_row_that_is_not_decided_any_more_is_not_marked_as_delivered(bench, approved):
    send = bench.runs.succeed

    def closed_meanwhile(*given):
        send(*given)
        row = bench.stored(approved)
        bench.store.change(row.request_id, status=Status.DECIDED_NOT_APPLIED, revision=row.revision + 1)

    bench.runs.succeed = closed_meanwhile
    assert deliver(approved.request_id, bench.delivery) is Delivery.NOT_APPLIED
    assert bench.stored(approved).delivered_at is None
    assert not bench.ledger.of(EventName.DECISION_DELIVERED)


@pytest.mark.parametrize("decided", ["approve", "reject"])
def test_a_decision_whose_plan_is_gone_waits_for_it_until_it_expires_and_is_closed_then(bench, decided):
    request = bench.review(bench.open())
    getattr(bench, decided)(request)
    without = bench.with_evidence(plans={})
    assert sweep(without.delivery) == {request.request_id: "failed: EvidenceError"}
    bench.clock.now = request.expires_at + TIME_TO_APPLY
    bench.runs.waiting.clear()
    assert sweep(without.delivery) == {request.request_id: Delivery.NOT_APPLIED.value}
    assert "there is no" in bench.stored(request).note
    assert sweep(without.delivery) == {}


def test_an_approval_whose_run_is_stopped_before_it_was_used_is_closed_at_once(bench, approved):
    deliver(approved.request_id, bench.delivery)
    assert sweep(bench.delivery) == {}
    bench.runs.ended.add(EXECUTION)
    assert sweep(bench.delivery) == {approved.request_id: "DECIDED_NOT_APPLIED"}
    assert "its run ended" in bench.stored(approved).note


def test_an_approval_that_was_used_stays_although_its_run_has_ended(bench, approved):
    deliver(approved.request_id, bench.delivery)
    bench.store.claim(approved.request_id, "an update")
    bench.runs.ended.add(EXECUTION)
    assert sweep(bench.delivery) == {}
