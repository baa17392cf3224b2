"""Attempts to sign that were refused are in the ledger, without what was written and typed."""

import json

import pytest
from approval_fakes import PASSWORD

from vigil.approvals.errors import AuthenticationError, ChallengeError, NotEntitledError, UnknownRequestError
from vigil.approvals.models import Meaning
from vigil.audit.events import EventName


def test_what_a_refused_signer_wrote_and_typed_is_not_recorded(bench):
    request = bench.open()
    challenge = bench.show(request, Meaning.REJECTED, "my secret comment")
    for user in ("my-password-as-user", "ana"):
        with pytest.raises(AuthenticationError):
            bench.answer(challenge, user, "pa55word!")
    recorded = json.dumps([record.model_dump(mode="json") for record in bench.ledger.of(EventName.SIGNATURE_REFUSED)])
    for secret in ("my secret comment", "my-password-as-user", "pa55word!", PASSWORD):
        assert secret not in recorded
    assert [each.actor.name for each in bench.ledger.of(EventName.SIGNATURE_REFUSED)] == ["unknown", "ana"]


def test_a_ledger_that_fails_does_not_hide_why_a_signature_was_refused(bench):
    request = bench.open()
    challenge = bench.show(request, Meaning.APPROVED)
    bench.ledger.append = lambda _: (_ for _ in ()).throw(ConnectionError("not now"))
    with pytest.raises(NotEntitledError):
        bench.answer(challenge, "olga")


def test_an_attempt_with_a_challenge_that_nobody_made_is_recorded_without_what_was_sent(bench):
    challenge = bench.show(bench.open(), Meaning.APPROVED)
    for _ in range(2):
        with pytest.raises(ChallengeError, match="not known"):
            bench.answer(challenge.model_copy(update={"challenge_id": "made-up"}), "ana", "pa55word!")
    found = bench.ledger.of(EventName.SIGNATURE_REFUSED)
    assert [(each.chain, each.actor.name, each.actor.verified) for each in found] == [("stack", "ana", False)] * 2
    assert found[0].details == {"step": "sign", "error": "ChallengeError"}
    assert "made-up" not in found[0].model_dump_json()


def test_a_request_that_is_gone_since_it_was_shown_leaves_a_record_of_the_attempt(bench):
    request = bench.open()
    challenge = bench.show(request, Meaning.APPROVED)
    del bench.store.rows[request.request_id]
    with pytest.raises(UnknownRequestError):
        bench.answer(challenge, "ana")
    (record,) = bench.ledger.of(EventName.SIGNATURE_REFUSED)
    assert (record.chain, record.details["error"]) == ("stack", "UnknownRequestError")
