"""Many people sign one request at the same moment: exactly the needed signatures, nothing lost, nothing doubled."""

import threading
from collections import Counter

import pytest
from approval_bench import Bench, on_tables
from moto_stack import moto_stack

from vigil.approvals.errors import AlreadyDecidedError, ApprovalError, ChallengeError, SeatFilledError
from vigil.approvals.models import Meaning, Status
from vigil.approvals.statement import check_signatures
from vigil.audit.events import EventName

MEANINGS = {"owner": Meaning.APPROVED, "qa": Meaning.REVIEWED}


def crowd(count):
    """Half owners, half quality assurance."""
    return {f"{kind}{n}": [role] for n in range(count // 2) for kind, role in
            (("owner", "model-owner"), ("qa", "quality-assurance"))}  # fmt: skip


class OneCallAtATime:
    """moto's transactions are not atomic between threads; DynamoDB's are. Between calls everything may interleave."""

    def __init__(self, client):
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name):
        found = getattr(self._client, name)
        if name == "get_paginator":
            return found

        def call(**request):
            with self._lock:
                return found(**request)

        return call


def all_at_once(acts):
    """What came of each: the error's class, or None."""
    outcomes, barrier = [], threading.Barrier(len(acts))

    def one(act):
        barrier.wait(30)
        try:
            act()
            outcomes.append(None)
        except ApprovalError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(outcomes) == len(acts)
    return Counter(outcomes)


def sign_all(bench, request, people, meaning_of):
    shown = {user: bench.show(request, meaning_of(user), "said by all") for user in people}
    return all_at_once([lambda user=user: bench.answer(shown[user], user) for user in people])


def meaning_by_name(user):
    return MEANINGS[user.rstrip("0123456789")]


def made_by(bench):
    chains = bench.ledger.chains()
    return [r for chain in chains for r in bench.ledger.read(chain) if r.event is EventName.SIGNATURE_MADE]


def refused_in(bench):
    chains = bench.ledger.chains()
    return [r for chain in chains for r in bench.ledger.read(chain) if r.event is EventName.SIGNATURE_REFUSED]


def check_both_seats_filled_once(bench, request, outcomes, people):
    assert outcomes[None] == 2
    assert set(outcomes) <= {None, SeatFilledError, AlreadyDecidedError}
    decided = bench.stored(request)
    assert decided.status is Status.APPROVED
    assert sorted(record.role for record in decided.signatures) == ["model-owner", "quality-assurance"]
    check_signatures(decided, bench.signer)
    assert [each.details["signature"]["signer"] for each in made_by(bench)] == [s.signer for s in decided.signatures]
    assert len(refused_in(bench)) == len(people) - 2


def test_of_200_signers_at_once_each_seat_is_filled_once_and_every_refusal_recorded():
    people = crowd(200)
    bench = Bench.make(people)
    request = bench.open()
    check_both_seats_filled_once(bench, request, sign_all(bench, request, people, meaning_by_name), people)


def test_of_24_signers_at_once_on_the_real_table_each_seat_is_filled_once(monkeypatch):
    people = crowd(24)
    with moto_stack(monkeypatch) as stack:
        bench = on_tables(Bench.make(people), OneCallAtATime(stack.client("dynamodb")), stack.parameters.tables)
        request = bench.open()
        check_both_seats_filled_once(bench, request, sign_all(bench, request, people, meaning_by_name), people)


def test_of_200_who_reject_at_once_one_rejection_stands():
    people = crowd(200)
    bench = Bench.make(people)
    request = bench.open()
    outcomes = sign_all(bench, request, people, lambda _: Meaning.REJECTED)
    assert outcomes == {None: 1, AlreadyDecidedError: 199}
    assert len(bench.stored(request).signatures) == 1


@pytest.mark.parametrize("round_", range(5))
def test_approvals_and_rejections_at_once_end_in_one_of_the_two(round_):
    people = crowd(20)
    bench = Bench.make(people)
    request = bench.open()
    sign_all(bench, request, people, lambda user: Meaning.REJECTED if user.endswith("3") else meaning_by_name(user))
    decided = bench.stored(request)
    assert decided.status in (Status.APPROVED, Status.REJECTED)
    assert (decided.rejection is not None) == (decided.status is Status.REJECTED)


def test_one_challenge_sent_200_times_at_once_signs_once():
    bench = Bench.make()
    request = bench.open()
    challenge = bench.show(request, Meaning.REVIEWED)
    outcomes = all_at_once([lambda: bench.answer(challenge, "quinn")] * 200)
    assert outcomes[None] == 1
    assert set(outcomes) <= {None, ChallengeError, SeatFilledError}
    assert len(bench.stored(request).signatures) == 1
