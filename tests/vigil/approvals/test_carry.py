"""A wait that was redriven or retried: equal facts reuse the signatures, others ask again."""

from datetime import timedelta

import pytest
from approval_fakes import EXECUTION, TOKEN

from vigil.approvals.deliver import Delivery, deliver, sweep
from vigil.approvals.errors import RequestClosedError
from vigil.approvals.models import Meaning, Status
from vigil.approvals.open import open_request
from vigil.approvals.verify import verify_release
from vigil.audit.events import EventName

UPDATE = "arn:aws:states:us-east-1:123456789012:execution:update-endpoint:one"
AGAIN = TOKEN + "2"


def again(bench, **changes):
    """The state waits anew, half a minute later."""
    bench.clock.advance(seconds=30)
    return bench.open(token=AGAIN, attempt=1, **changes)


def test_a_retried_wait_carries_the_signature_that_was_there_and_asks_for_the_other(bench):
    older = bench.review(bench.open())
    newer = again(bench)
    assert bench.stored(older).status is Status.SUPERSEDED
    assert (newer.status, newer.carried_from) == (Status.PENDING, older.request_id)
    assert newer.signatures == older.signatures
    decided = bench.approve(newer)
    assert decided.status is Status.APPROVED
    assert deliver(newer.request_id, bench.delivery) is Delivery.DELIVERED
    assert verify_release(newer.request_id, EXECUTION, UPDATE, bench.verification)


def test_a_redriven_wait_whose_decision_came_too_late_is_decided_at_once(bench):
    older = bench.approved()
    bench.runs.waiting.clear()
    assert deliver(older.request_id, bench.delivery) is Delivery.NOT_APPLIED
    newer = again(bench)
    assert (newer.status, newer.decided_at) == (Status.APPROVED, bench.clock())
    made = bench.ledger.of(EventName.DECISION_MADE)[-1]
    assert (made.subject, made.actor.name, made.old) == (newer.request_id, "open_approval", None)
    assert sweep(bench.delivery) == {newer.request_id: Delivery.DELIVERED.value}
    assert verify_release(newer.request_id, EXECUTION, UPDATE, bench.verification)


@pytest.mark.parametrize("decided", ["approve", "reject"])
def test_a_decision_that_nobody_had_delivered_stands_for_the_redriven_wait(bench, decided):
    """The run was stopped and redriven between the last signature and its delivery."""
    older = getattr(bench, decided)(bench.review(bench.open()))
    newer = again(bench)
    assert bench.stored(older).status is Status.DECIDED_NOT_APPLIED
    assert (newer.status, newer.carried_from) == (older.status, older.request_id)
    assert sweep(bench.delivery) == {newer.request_id: Delivery.DELIVERED.value}
    assert bench.runs.succeeded[EXECUTION]["request_id"] == newer.request_id
    (closed,) = bench.ledger.of(EventName.DECISION_NOT_APPLIED)
    assert (closed.subject, closed.actor.name) == (older.request_id, "open_approval")
    assert newer.request_id in closed.details["why"]


def test_a_decision_that_its_run_has_got_is_neither_closed_nor_carried(bench):
    older = bench.reject(bench.open())
    deliver(older.request_id, bench.delivery)
    assert again(bench).signatures == []
    assert bench.stored(older).status is Status.REJECTED


def test_a_decision_with_other_facts_is_closed_and_asked_for_anew(bench):
    older = bench.approved()
    newer = again(bench, facts=bench.facts.model_copy(update={"evaluation_digest": "e" * 64}))
    assert (newer.status, newer.signatures) == (Status.PENDING, [])
    assert bench.stored(older).status is Status.DECIDED_NOT_APPLIED


def test_a_decision_that_is_delivered_while_the_wait_is_opened_anew_is_left_as_it_is(bench):
    older = bench.approved()
    replace = bench.store.replace

    def interrupted(*given):
        bench.store.replace = replace
        deliver(older.request_id, bench.delivery)
        return replace(*given)

    bench.store.replace = interrupted
    assert again(bench).signatures == []
    assert bench.stored(older).status is Status.APPROVED


def test_a_rejection_that_came_too_late_stands_for_the_redriven_wait_too(bench):
    older = bench.reject(bench.open())
    bench.runs.waiting.clear()
    deliver(older.request_id, bench.delivery)
    assert again(bench).status is Status.REJECTED


def test_a_stopped_and_redriven_run_carries_what_was_signed_before_it_stopped(bench):
    older = bench.review(bench.open())
    bench.runs.waiting.clear()
    assert sweep(bench.delivery) == {older.request_id: "WITHDRAWN"}
    assert again(bench).carried_from == older.request_id


def test_signatures_are_carried_on_through_a_second_retry(bench):
    first = bench.review(bench.open())
    second = again(bench)
    bench.clock.advance(seconds=30)
    third = bench.open(token=TOKEN + "3", attempt=2)
    assert (third.carried_from, third.signatures) == (second.request_id, first.signatures)
    assert bench.approve(third).status is Status.APPROVED
    assert verify_release(third.request_id, EXECUTION, UPDATE, bench.verification)


@pytest.mark.parametrize("field", ["artefact_digest", "evaluation_digest", "dataset_version", "plan_digest"])
def test_other_facts_ask_again(bench, field):
    bench.review(bench.open())
    newer = again(bench, facts=bench.facts.model_copy(update={field: "e" * 64}))
    assert (newer.status, newer.signatures, newer.carried_from) == (Status.PENDING, [], None)


def test_another_execution_and_another_state_ask_again(bench):
    bench.review(bench.open())
    assert bench.open(execution=EXECUTION + "-2", token="another").signatures == []
    assert again(bench, state_name="AnotherWait").signatures == []


def test_an_approval_that_was_used_is_not_used_again_by_a_redriven_wait(bench):
    older = bench.approved()
    verify_release(older.request_id, EXECUTION, UPDATE, bench.verification)
    bench.store.change(older.request_id, status=Status.DECIDED_NOT_APPLIED)
    assert again(bench).signatures == []


def test_what_is_past_its_own_expiry_is_not_carried(bench):
    older = bench.review(bench.open())
    bench.runs.waiting.clear()
    sweep(bench.delivery)
    bench.clock.now = older.expires_at - timedelta(seconds=30)
    assert again(bench).signatures == []


def test_signatures_of_which_one_was_tampered_with_are_not_carried_in_any_part(bench):
    older = bench.approved()
    bench.runs.waiting.clear()
    deliver(older.request_id, bench.delivery)
    forged = [older.signatures[0].model_copy(update={"comment": "changed"}), older.signatures[1]]
    bench.store.change(older.request_id, signatures=forged)
    assert again(bench).signatures == []


def test_the_superseded_request_takes_no_signature_any_more(bench):
    older = bench.open()
    challenge = bench.show(older, Meaning.APPROVED)
    newer = again(bench)
    with pytest.raises(RequestClosedError, match=newer.request_id):
        bench.answer(challenge, "ana")


def test_a_signature_that_comes_while_the_wait_is_opened_anew_is_carried_too(bench):
    """Between reading the older request and superseding it."""
    older = bench.open()
    replace = bench.store.replace

    def interrupted(*given):
        bench.store.replace = replace
        bench.review(older)
        return replace(*given)

    bench.store.replace = interrupted
    newer = again(bench)
    assert [record.signer for record in newer.signatures] == ["quinn"]


def test_what_is_carried_is_in_the_ledger_once_even_if_the_message_comes_again(bench):
    older = bench.review(bench.open())
    newer = again(bench)
    message = bench.message(token=AGAIN, attempt=1)
    assert not open_request(message, bench.opening).is_new
    (record,) = bench.ledger.of(EventName.SIGNATURES_CARRIED)
    assert (record.subject, record.details["from"]) == (newer.request_id, older.request_id)
    assert record.details["statement_digests"] == [older.signatures[0].statement_digest]
    closed = [each.subject for each in bench.ledger.of(EventName.REQUEST_CLOSED)]
    assert closed == [older.request_id]


def test_a_crash_after_the_request_was_stored_still_records_what_it_carries(bench):
    bench.review(bench.open())
    append = bench.ledger.append
    bench.clock.advance(seconds=30)
    message = bench.message(token=AGAIN, attempt=1)

    def killed(entry):
        if entry.event is EventName.SIGNATURES_CARRIED:
            raise ConnectionError("killed here")
        return append(entry)

    bench.ledger.append = killed
    with pytest.raises(ConnectionError):
        open_request(message, bench.opening)
    bench.ledger.append = append
    open_request(message, bench.opening)
    assert len(bench.ledger.of(EventName.SIGNATURES_CARRIED)) == 1
