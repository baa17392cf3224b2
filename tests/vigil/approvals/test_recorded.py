"""Rows that were copied, cut or reset by whoever may write the table: the ledger tells, and nothing is released."""

from datetime import timedelta

import pytest
from approval_fakes import EXECUTION

from vigil.approvals.errors import SignatureInvalidError
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import Meaning, Status
from vigil.approvals.verify import verify_release
from vigil.audit.events import EventName

UPDATE = "arn:aws:states:us-east-1:123456789012:execution:update-endpoint:one"


def verify(bench, request_id, by=UPDATE):
    return verify_release(request_id, EXECUTION, by, bench.verification)


def copied(bench, row, **changes):
    """What PutItem can do, without a record."""
    copy = row.model_copy(update=changes)
    bench.store.rows[copy.request_id] = copy
    return copy


def test_a_used_approval_copied_under_a_name_of_its_own_puts_no_old_model_back(bench):
    approved = bench.approved()
    verify(bench, approved.request_id)
    copy = copied(bench, bench.stored(approved), request_id="apr-made-up", carried_from="x", applied_by=None)
    with pytest.raises(SignatureInvalidError, match="names another wait"):
        verify(bench, copy.request_id, UPDATE + "-again")


def test_a_used_approval_copied_under_the_name_of_a_later_wait_puts_no_old_model_back(bench):
    approved = bench.approved()
    verify(bench, approved.request_id)
    later = approved.entered_at + timedelta(hours=1)
    name = request_id_for(approved.execution_arn, approved.state_name, later, 0)
    copied(
        bench, bench.stored(approved), request_id=name, entered_at=later, attempt=0, applied_by=None,
        carried_from=approved.request_id, expires_at=later + timedelta(days=14),
    )  # fmt: skip
    with pytest.raises(SignatureInvalidError, match="ever asked for"):
        verify(bench, name, UPDATE + "-again")


def test_an_approval_whose_use_was_wiped_from_the_row_is_still_used(bench):
    approved = bench.approved()
    verify(bench, approved.request_id)
    bench.store.change(approved.request_id, applied_by=None)
    with pytest.raises(SignatureInvalidError, match="used already"):
        verify(bench, approved.request_id, UPDATE + "-again")
    bench.store.change(approved.request_id, applied_by=UPDATE)
    assert verify(bench, approved.request_id).status is Status.APPROVED, "its own execution may ask again"


def test_a_rejection_dropped_from_the_row_is_not_forgotten(bench):
    request = bench.open()
    bench.review(request)
    rejected = bench.reject(request)
    kept = [record for record in rejected.signatures if record.meaning is not Meaning.REJECTED]
    bench.store.change(request.request_id, status=Status.PENDING, signatures=kept, decided_at=None)
    bench.approve(request)
    assert bench.stored(request).status is Status.APPROVED
    with pytest.raises(SignatureInvalidError, match="rejection"):
        verify(bench, request.request_id)


def test_a_request_that_the_ledger_saw_end_opens_nothing(bench):
    approved = bench.approved()
    chain = next(iter(bench.ledger.records.values()))
    opened = next(each for each in chain if each.event is EventName.REQUEST_OPENED)
    chain.append(opened.model_copy(update={"event": EventName.REQUEST_CLOSED}))
    with pytest.raises(SignatureInvalidError, match="closed"):
        verify(bench, approved.request_id)


def test_the_use_is_recorded_once_however_often_its_execution_asks(bench):
    approved = bench.approved()
    for _ in range(3):
        verify(bench, approved.request_id)
    records = [record for chain in bench.ledger.records.values() for record in chain]
    assert [each.event for each in records].count(EventName.RELEASE_VERIFIED) == 1
