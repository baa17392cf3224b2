from datetime import timedelta

import pytest
from approval_fakes import EXECUTION, NOW, TOKEN, Bench, proof_of

from vigil.approvals.decide import DecisionOrder, decide
from vigil.approvals.errors import AlreadyDecidedError, NotPendingError
from vigil.approvals.models import Decision, Status
from vigil.aws.approvals_table import ApprovalsTable


@pytest.fixture
def bench(stack):
    made = Bench.make()
    made.store = ApprovalsTable(stack.client("dynamodb"), stack.parameters.tables.approvals)
    return made


def test_a_request_comes_back_as_it_was_stored(bench):
    request = bench.open()
    assert bench.store.get(request.request_id) == request
    assert bench.store.with_status(Status.PENDING) == [request]


def test_an_unknown_request_is_none(bench):
    assert bench.store.get("apr-none") is None


def test_inserting_again_overwrites_nothing(bench):
    request = bench.open()
    assert not bench.store.insert(request.model_copy(update={"note": "another"}))
    assert bench.store.get(request.request_id).note is None


def test_a_decision_is_stored_once_and_comes_back_with_its_signature(bench):
    request = bench.open()
    order = DecisionOrder(request.request_id, Decision.APPROVED, "naïve – ünïcode")
    decided = decide(order, proof_of("ana"), bench.deciding)
    assert bench.store.get(request.request_id) == decided
    assert decided.decision.comment == "naïve – ünïcode"
    with pytest.raises(NotPendingError):
        bench.store.decide(request.request_id, decided.decision)
    with pytest.raises(AlreadyDecidedError):
        decide(order, proof_of("ben"), bench.deciding)


def test_a_decision_after_the_expiry_is_refused_by_the_table_itself(bench):
    request = bench.open()
    decided = decide(DecisionOrder(request.request_id, Decision.APPROVED), proof_of("ana"), bench.deciding)
    other = bench.open(execution=EXECUTION + "-2", token=TOKEN + "2")
    late = decided.decision.model_copy(update={"decided_at": other.expires_at})
    with pytest.raises(NotPendingError):
        bench.store.decide(other.request_id, late)
    in_time = late.model_copy(update={"decided_at": other.expires_at - timedelta(microseconds=1)})
    bench.store.decide(other.request_id, in_time)


def test_a_status_moves_only_from_where_it_is(bench):
    request = bench.open()
    assert not bench.store.move(request.request_id, Status.APPROVED, Status.DECIDED_NOT_APPLIED, "x")
    assert bench.store.move(request.request_id, Status.PENDING, Status.WITHDRAWN, "stopped")
    assert bench.store.get(request.request_id).note == "stopped"
    assert bench.store.with_status(Status.PENDING) == []


def test_a_delivery_is_marked_once(bench):
    request = bench.open()
    bench.store.mark_delivered(request.request_id, NOW)
    bench.store.mark_delivered(request.request_id, NOW + timedelta(hours=1))
    assert bench.store.get(request.request_id).delivered_at == NOW


def test_an_approval_is_claimed_by_one_execution(bench):
    request = bench.open()
    assert not bench.store.claim(request.request_id, "one"), "a pending request was claimed"
    bench.store.move(request.request_id, Status.PENDING, Status.APPROVED, "for the test")
    assert bench.store.claim(request.request_id, "one")
    assert bench.store.claim(request.request_id, "one")
    assert not bench.store.claim(request.request_id, "two")


def test_the_token_is_not_in_the_table_in_clear(bench, stack):
    bench.open()
    items = stack.client("dynamodb").scan(TableName=stack.parameters.tables.approvals)["Items"]
    assert items
    assert TOKEN not in str(items)
