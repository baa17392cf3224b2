"""As whom somebody would sign is fixed and shown before the password; who could not sign hears so before it too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from approval_bench import Bench
from approval_fakes import NOW

from vigil.approvals import errors
from vigil.approvals.desk import Challenge, ShownSigner, SigningOrder
from vigil.approvals.models import ApprovalRequest, Meaning
from vigil.approvals.prepare import prepare


def show(bench: Bench, request: ApprovalRequest, signer: str | None, meaning: Meaning = Meaning.REVIEWED) -> Challenge:
    order = SigningOrder(request_id=request.request_id, meaning=meaning, comment="why", expected_signer=signer)
    return prepare(order, bench.signing)


def change(bench: Bench, username: str, **changes: Any) -> None:
    person = bench.people.get(username)
    assert person is not None
    assert bench.people.replace(person.model_copy(update=changes))


def test_the_challenge_names_the_expected_signer_as_the_statement_will(bench: Bench) -> None:
    request = bench.open(facts=bench.facts.model_copy(update={"requested_by": "airflow:quinn"}))
    assert show(bench, request, "Quinn").signer == ShownSigner(
        signer="quinn", printed_name="Quinn", role="quality-assurance", deputy_role=None, has_stake=True
    )
    assert show(bench, request, None).signer is None
    assert show(bench, request, "unknown").signer is None


@pytest.mark.parametrize("rejected", [False, True])
def test_who_holds_no_seat_is_refused_before_a_password(bench: Bench, rejected: bool) -> None:
    request = bench.open()
    meaning = Meaning.REJECTED if rejected else Meaning.REVIEWED
    for signer in ["olga", "mo"] if rejected else ["olga", "mo", "ana"]:
        with pytest.raises(errors.NotEntitledError):
            show(bench, request, signer, meaning)
    assert not bench.sign_ins.tried


def test_who_signed_before_or_was_revoked_or_needs_training_is_refused_before_a_password(bench: Bench) -> None:
    request = bench.review(bench.open(), "both")
    with pytest.raises(errors.SeatFilledError):
        show(bench, request, "both", Meaning.APPROVED)
    change(bench, "ana", revoked_at=NOW)
    with pytest.raises(errors.RevokedError):
        show(bench, request, "ana", Meaning.APPROVED)
    change(bench, "ben", roles={"model-owner": NOW - timedelta(days=5000)})
    with pytest.raises(errors.TrainingExpiredError):
        show(bench, request, "ben", Meaning.APPROVED)


@pytest.mark.parametrize("changes", [{"printed_name": "Quinn Q. Example"}, {"email": "dana@example.org"}], ids=str)
def test_a_record_that_changed_after_it_was_shown_signs_nothing(bench: Bench, changes: dict[str, Any]) -> None:
    """Printed name and stake are signed: under what was read as one thing nobody signs another."""
    request = bench.open(facts=bench.facts.model_copy(update={"requested_by": "airflow:dana"}))
    challenge = show(bench, request, "quinn")
    change(bench, "quinn", **changes)
    with pytest.raises(errors.ChallengeError, match="record was changed"):
        bench.answer(challenge, "quinn")
    assert not bench.stored(request).signatures
    bench.answer(show(bench, request, "quinn"), "quinn")
    assert len(bench.stored(request).signatures) == 1
