"""The table's transactions: the row, its record and the challenge, all or none."""

from dataclasses import replace
from datetime import timedelta

import pytest
from approval_bench import Bench, on_tables
from approval_fakes import EXECUTION, TOKEN

from vigil.approvals import records
from vigil.approvals.deliver import sweep
from vigil.approvals.errors import ChallengeError
from vigil.approvals.models import Meaning, Status
from vigil.approvals.statement import check_signatures
from vigil.approvals.verify import verify_release
from vigil.audit.events import EventName


@pytest.fixture
def bench(stack):
    return on_tables(Bench.make(), stack.client("dynamodb"), stack.parameters.tables)


def events(bench):
    return [record.event for chain in bench.ledger.chains() for record in bench.ledger.read(chain)]


def test_a_request_comes_back_as_it_was_stored_and_is_in_the_ledger(bench):
    request = bench.open()
    assert bench.store.get(request.request_id) == request
    assert bench.store.with_status(Status.PENDING) == [request]
    assert events(bench) == [EventName.REQUEST_OPENED]


def test_an_unknown_request_is_none_and_a_challenge_is_no_request(bench):
    assert bench.store.get("apr-none") is None
    challenge = bench.show(bench.open(), Meaning.APPROVED)
    assert bench.store.get(f"challenge#{challenge.challenge_id}") is None


def test_inserting_again_overwrites_nothing(bench):
    request = bench.open()
    assert not bench.store.insert(request.model_copy(update={"note": "another"}), [records.carried(request)])
    assert bench.store.get(request.request_id).note is None
    assert events(bench) == [EventName.REQUEST_OPENED]


def test_signatures_come_back_as_they_were_signed(bench):
    request = bench.review(bench.open())
    decided = bench.sign(request, Meaning.APPROVED, "ana", "naïve – ünïcode <b>")
    assert bench.store.get(request.request_id) == decided
    assert decided.signatures[1].comment == "naïve – ünïcode <b>"
    check_signatures(decided, bench.signer)
    assert events(bench) == [EventName.REQUEST_OPENED, *[EventName.SIGNATURE_MADE] * 2, EventName.DECISION_MADE]


def test_a_challenge_comes_back_and_is_used_up_by_its_signature(bench):
    request = bench.open()
    challenge = bench.show(request, Meaning.REVIEWED)
    assert bench.store.challenge(challenge.challenge_id).challenge == challenge
    bench.answer(challenge, "quinn")
    assert bench.store.challenge(challenge.challenge_id).used
    with pytest.raises(ChallengeError):
        bench.answer(challenge, "quentin")


def signing_of(bench, request, challenge, user="ana"):
    """What the store is asked to write for a signature, without writing it."""
    asked = []

    class Refusing:
        def __getattr__(self, name):
            return getattr(bench.store, name)

        def sign(self, *given):
            asked.append(given)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        replace(bench, store=Refusing()).answer(challenge, user)
    return asked[0]


def test_a_signature_after_the_expiry_is_refused_by_the_table_itself(bench):
    request = bench.open()
    *given, _, signer = signing_of(bench, request, bench.show(request, Meaning.APPROVED))
    assert not bench.store.sign(*given, request.expires_at, signer)
    assert bench.store.sign(*given, request.expires_at - timedelta(microseconds=1), signer)


def test_a_signature_to_a_row_that_changed_is_refused_and_leaves_no_record(bench):
    request = bench.open()
    given = signing_of(bench, request, bench.show(request, Meaning.APPROVED))
    bench.review(request)
    before = events(bench)
    assert not bench.store.sign(*given)
    assert events(bench) == before


def test_a_signature_to_a_request_that_is_decided_is_refused_by_the_table_itself(bench):
    """Though the row is what was read: a decision takes no more signatures."""
    request = bench.open()
    _, after, *given = signing_of(bench, request, bench.show(request, Meaning.REVIEWED), "quentin")
    decided = bench.approve(bench.review(request))
    assert decided.status is Status.APPROVED
    before = events(bench)
    assert not bench.store.sign(decided, after.model_copy(update={"revision": decided.revision + 1}), *given)
    assert bench.stored(request) == decided
    assert events(bench) == before


def test_a_signature_of_somebody_whose_record_changed_is_refused_by_the_table_itself(bench):
    request = bench.open()
    given = signing_of(bench, request, bench.show(request, Meaning.APPROVED))
    assert bench.people.replace(bench.people.get("ana"))
    assert not bench.store.sign(*given)
    assert bench.stored(request) == request


def test_a_write_whose_answer_was_lost_counts_once(bench):
    request = bench.open()
    given = signing_of(bench, request, bench.show(request, Meaning.APPROVED))
    assert bench.store.sign(*given)
    assert bench.store.sign(*given), "the client's own retry was taken for somebody else's"
    assert len(bench.stored(request).signatures) == 1
    assert events(bench).count(EventName.SIGNATURE_MADE) == 1


def test_a_challenge_used_by_another_signature_signs_nothing(bench):
    request = bench.open()
    challenge = bench.show(request, Meaning.REVIEWED)
    given = signing_of(bench, request, challenge, "quentin")
    bench.answer(challenge, "quinn")
    with pytest.raises(ChallengeError):
        bench.store.sign(*given)
    assert [record.signer for record in bench.stored(request).signatures] == ["quinn"]


def test_a_row_is_replaced_only_as_it_was_read(bench):
    request = bench.open()
    after = request.moved(Status.WITHDRAWN, "stopped")
    entry = records.closed(request, after, records.DELIVERER)
    assert bench.store.replace(request, after, entry)
    assert bench.store.get(request.request_id) == after
    assert bench.store.with_status(Status.PENDING) == []
    other = request.moved(Status.EXPIRED, "late")
    assert not bench.store.replace(request, other, records.closed(request, other, records.DELIVERER))
    assert bench.store.get(request.request_id) == after


def test_an_approval_is_claimed_by_one_execution(bench):
    request = bench.open()
    assert not bench.store.claim(request.request_id, "one"), "a pending request was claimed"
    bench.approve(bench.review(request))
    assert bench.store.claim(request.request_id, "one")
    assert bench.store.claim(request.request_id, "one")
    assert not bench.store.claim(request.request_id, "two")
    claimed = bench.store.get(request.request_id)
    assert (claimed.applied_by, claimed.revision) == ("one", 4)


@pytest.mark.parametrize(
    ("first", "closed"),
    [
        (lambda bench: bench.review(bench.open()), Status.SUPERSEDED),
        (lambda bench: bench.approved(), Status.DECIDED_NOT_APPLIED),
        (lambda bench: bench.reject(bench.review(bench.open())), Status.DECIDED_NOT_APPLIED),
    ],
    ids=["one of two signatures", "approved", "rejected"],
)
def test_a_redriven_wait_takes_over_what_was_signed_and_goes_on_to_its_release(bench, first, closed):
    older = first(bench)
    bench.clock.advance(seconds=30)
    newer = bench.open(token=TOKEN + "2")
    assert bench.stored(older).status is closed
    assert (newer.signatures, newer.carried_from) == (older.signatures, older.request_id)
    if newer.status is Status.PENDING:
        newer = bench.approve(newer)
    assert sweep(bench.delivery) == {newer.request_id: "delivered"}
    if newer.status is Status.APPROVED:
        assert verify_release(newer.request_id, EXECUTION, "an update", bench.verification)
    assert EventName.SIGNATURES_CARRIED in events(bench)


def test_the_token_is_not_in_the_tables_in_clear(bench, stack):
    bench.approve(bench.review(bench.open(execution=EXECUTION)))
    for table in (stack.parameters.tables.approvals, stack.parameters.tables.ledger):
        items = stack.client("dynamodb").scan(TableName=table)["Items"]
        assert items
        assert TOKEN not in str(items)
