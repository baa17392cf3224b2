"""21 CFR 11.10(f): operational system checks enforce the permitted sequencing of steps and events.

No model serves without training, evaluation, gate and approval, in that order, whoever starts which part.
"""

from __future__ import annotations

import pytest
from approval_bench import Bench
from approval_fakes import EXECUTION, TOKEN
from state_machine_text import StateMachine

from vigil.approvals.deliver import Delivery, deliver
from vigil.approvals.errors import AlreadyDecidedError, RequestClosedError, SignatureInvalidError
from vigil.approvals.models import Meaning, Status
from vigil.approvals.verify import verify_release
from vigil.audit.events import EventName

STARTED_BY_HAND = "arn:aws:states:us-east-1:123456789012:execution:update-endpoint:by-hand"


@pytest.fixture
def bench() -> Bench:
    return Bench.make()


def released(bench: Bench, request_id: str, requested: str = EXECUTION) -> None:
    verify_release(request_id, requested, STARTED_BY_HAND, bench.verification)


def test_update_endpoint_started_directly_without_any_request_changes_nothing(bench: Bench) -> None:
    with pytest.raises(SignatureInvalidError, match="no approval request"):
        released(bench, "apr-invented")


def test_update_endpoint_started_directly_before_everybody_signed_changes_nothing(bench: Bench) -> None:
    request = bench.open()
    with pytest.raises(SignatureInvalidError, match="PENDING"):
        released(bench, request.request_id)
    bench.review(request)
    with pytest.raises(SignatureInvalidError, match="PENDING"):
        released(bench, request.request_id)


def test_a_forged_success_sent_with_a_stolen_token_promotes_nothing(bench: Bench) -> None:
    """A bare SendTaskSuccess makes the run go on; the first state of update-endpoint finds no signatures."""
    request = bench.open()
    bench.runs.succeed(TOKEN, {"request_id": request.request_id, "decision": "APPROVED"})
    with pytest.raises(SignatureInvalidError):
        released(bench, request.request_id)
    assert bench.stored(request).applied_by is None


def test_a_forged_row_promotes_nothing_and_ends_the_run(bench: Bench) -> None:
    request = bench.open()
    bench.store.change(request.request_id, status=Status.APPROVED, decided_at=bench.clock())
    assert deliver(request.request_id, bench.delivery) is Delivery.SIGNATURE_INVALID
    with pytest.raises(SignatureInvalidError):
        released(bench, request.request_id)


def test_a_direct_jump_to_active_is_no_way_of_the_state_machine() -> None:
    """Verification is the first state, and every way to MarkActive (choices, their defaults and catches too) leads
    through it and through the smoke test."""
    machine = StateMachine("update-endpoint")
    assert machine.start == "VerifyApproval"
    assert machine.leading_to("MarkActive") == {"SmokeTest"}
    assert "MarkActive" in machine.reachable()
    assert "MarkActive" not in machine.reachable(without="SmokeTest")


def test_an_approval_is_used_once(bench: Bench) -> None:
    approved = bench.approved()
    released(bench, approved.request_id)
    with pytest.raises(SignatureInvalidError, match="used already"):
        verify_release(approved.request_id, EXECUTION, STARTED_BY_HAND + "-2", bench.verification)


def test_a_signature_comes_neither_before_the_request_nor_after_the_decision(bench: Bench) -> None:
    request = bench.open()
    late = bench.show(request, Meaning.APPROVED)
    bench.reject(request)
    with pytest.raises(AlreadyDecidedError):
        bench.answer(late, "ben")
    other = bench.open(execution=EXECUTION + "-2", token=TOKEN + "2")
    stopped = bench.show(other, Meaning.APPROVED)
    bench.store.change(other.request_id, status=Status.WITHDRAWN)
    with pytest.raises(RequestClosedError):
        bench.answer(stopped, "ben")


def test_the_ledger_has_the_steps_in_their_order(bench: Bench) -> None:
    deliver(bench.approved().request_id, bench.delivery)
    assert bench.ledger.events() == [
        EventName.REQUEST_OPENED, EventName.SIGNATURE_MADE, EventName.SIGNATURE_MADE, EventName.DECISION_MADE,
        EventName.DECISION_DELIVERED,
    ]  # fmt: skip
