"""What a signature and the decision that it makes leave in the ledger."""

import pytest

from vigil.approvals.models import Meaning
from vigil.audit.events import EventName


def test_each_signature_is_in_the_ledger_with_what_it_made_of_the_request(bench):
    bench.approved()
    made = bench.ledger.of(EventName.SIGNATURE_MADE)
    assert [record.actor.name for record in made] == ["quinn", "ana"]
    assert made[1].old == {"status": "PENDING", "signatures": 1}
    assert made[1].new == {"status": "APPROVED", "signatures": 2}
    assert made[1].details["signature"]["role"] == "model-owner"


def test_the_decision_is_recorded_with_the_signature_that_makes_it_and_with_no_other(bench):
    request = bench.review(bench.open())
    assert bench.ledger.of(EventName.DECISION_MADE) == []
    bench.approve(request)
    assert bench.ledger.events()[-2:] == [EventName.SIGNATURE_MADE, EventName.DECISION_MADE]
    (made,) = bench.ledger.of(EventName.DECISION_MADE)
    assert (made.subject, made.actor.name, made.at) == (request.request_id, "ana", bench.clock())
    assert made.old == {"status": "PENDING", "signatures": 1}
    assert made.new == {"status": "APPROVED", "signatures": 2}
    assert [(each["printed_name"], each["role"], each["meaning"]) for each in made.details["signers"]] == [
        ("Quinn", "quality-assurance", "reviewed"), ("Ana", "model-owner", "approved"),
    ]  # fmt: skip


def test_a_decision_that_cannot_be_recorded_is_not_made(bench):
    request = bench.review(bench.open())
    challenge = bench.show(request, Meaning.APPROVED)
    bench.ledger.append = lambda _: (_ for _ in ()).throw(ConnectionError("no ledger"))
    with pytest.raises(ConnectionError):
        bench.answer(challenge, "ana")
    assert bench.stored(request) == request
