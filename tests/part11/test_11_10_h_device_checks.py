"""21 CFR 11.10(h): device checks determine the validity of the source of data input or operational instruction.

A task token, a message and a proof count only from where they are expected: bound to their request, sealed by this
stack's key, shown by this desk.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from approval_bench import Bench, proof_of
from approval_fakes import EXECUTION, PASSWORD, TOKEN
from ledger_world import client_in_moto
from pydantic import ValidationError

from vigil.approvals.deliver import Delivery, deliver
from vigil.approvals.desk import SigningAnswer
from vigil.approvals.errors import ChallengeError, WrongPersonError
from vigil.approvals.models import Meaning, WaitMessage
from vigil.approvals.sign import sign
from vigil.audit.events import EventName
from vigil.aws.token_vault import KmsTokenVault


@pytest.fixture
def bench() -> Bench:
    return Bench.make()


def test_a_token_moved_to_another_request_answers_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ciphertext is bound to its request: KMS refuses it under another encryption context."""
    with client_in_moto(monkeypatch, "kms") as kms:
        key = kms.create_key()["KeyMetadata"]["Arn"]
        vault: Any = KmsTokenVault(kms, key)
        bench = replace(bench, vault=vault)
        first, other = bench.open(), bench.open(execution=EXECUTION + "-2", token=TOKEN + "2")
        approved = bench.approve(bench.review(first))
        bench.store.change(first.request_id, token_ciphertext=other.token_ciphertext)
        with pytest.raises(kms.exceptions.InvalidCiphertextException):
            deliver(approved.request_id, bench.delivery)
        assert not bench.runs.succeeded
        bench.store.change(first.request_id, token_ciphertext=first.token_ciphertext)
        assert deliver(approved.request_id, bench.delivery) is Delivery.DELIVERED


def test_a_token_that_no_wait_has_given_out_is_marked_as_not_applied(bench: Bench) -> None:
    bench.runs.waiting.clear()
    request = bench.open()
    bench.runs.waiting.clear()
    bench.approve(bench.review(request))
    assert deliver(request.request_id, bench.delivery) is Delivery.NOT_APPLIED


@pytest.mark.parametrize("field", ["run_key", "task_token", "execution_arn", "state_name", "entered_at", "facts"])
def test_a_message_that_lacks_what_the_wait_sends_opens_nothing(bench: Bench, field: str) -> None:
    document = json.loads(bench.message().model_dump_json()) | {"task_token": TOKEN}
    del document[field]
    with pytest.raises(ValidationError) as caught:
        WaitMessage.model_validate(document)
    assert TOKEN not in str(caught.value)


def test_a_message_with_more_than_the_wait_sends_opens_nothing(bench: Bench) -> None:
    document: dict[str, Any] = bench.message().model_dump() | {"signatures": []}
    with pytest.raises(ValidationError):
        WaitMessage.model_validate(document)


def test_only_what_this_desk_has_shown_can_be_signed(bench: Bench) -> None:
    bench.open()
    made_up = SigningAnswer(challenge_id="made-up", proof=proof_of("ana", PASSWORD))
    with pytest.raises(ChallengeError):
        sign(made_up, bench.signing)


def test_a_replayed_challenge_signs_nothing_neither_here_nor_elsewhere(bench: Bench) -> None:
    first, other = bench.open(), bench.open(execution=EXECUTION + "-2", token=TOKEN + "2")
    challenge = bench.show(first, Meaning.REVIEWED)
    bench.answer(challenge, "quinn")
    for user in ("quinn", "quentin"):
        with pytest.raises(ChallengeError):
            bench.answer(challenge, user)
    assert len(bench.stored(first).signatures) == 1
    assert bench.stored(other).signatures == []
    refused = bench.ledger.of(EventName.SIGNATURE_REFUSED)
    assert [(each.subject, each.details["error"]) for each in refused] == [(first.request_id, "ChallengeError")] * 2


def test_a_proof_from_another_person_than_the_one_at_the_interface_is_refused(bench: Bench) -> None:
    request = bench.open()
    challenge = bench.show(request, Meaning.APPROVED)
    with pytest.raises(WrongPersonError):
        bench.answer(challenge, "ana", expected_signer="quinn")
    assert bench.sign_ins.tried == []


@pytest.mark.parametrize(
    "comment", ["<script>alert(1)</script>", "'; DROP TABLE x; --", "../../etc/passwd", "{% $states.input %}", "\u202e​"]
)
def test_what_people_write_stays_data(bench: Bench, comment: str) -> None:
    """In the signature, in what the run hears, in the ledger: the same text, and nothing happens by it."""
    request = bench.reject(bench.open(), comment=comment)
    assert request.signatures[0].comment == comment
    deliver(request.request_id, bench.delivery)
    assert bench.runs.succeeded[EXECUTION]["reason"] == f"rejected by Ana: {comment}"


@pytest.mark.parametrize("name", ["<b>Ana</b>", "ana\nadmin", "../ana", "Ana <quinn@example.org>"])
def test_a_printed_name_stays_data(bench: Bench, name: str) -> None:
    bench.people.change("ana", printed_name=name)
    request = bench.approve(bench.open())
    assert request.signatures[0].printed_name == name
    assert request.signatures[0].signer == "ana"
