"""21 CFR 11.10(g): authority checks ensure that only authorized individuals can sign a record.

Roles, seats and deputies are the plan's; that who asked for a training may not decide on it alone is our own rule.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from approval_bench import Bench

from vigil.approvals.errors import ApprovalError, NotEntitledError, RevokedError, SeatFilledError
from vigil.approvals.models import Meaning, Status
from vigil.audit.events import EventName

APPROVED, REVIEWED, REJECTED = Meaning.APPROVED, Meaning.REVIEWED, Meaning.REJECTED


@pytest.fixture
def bench() -> Bench:
    return Bench.make()


@pytest.mark.parametrize("meaning", [APPROVED, REVIEWED, REJECTED])
@pytest.mark.parametrize("user", ["olga", "mo", "qi"])
def test_a_wrong_role_is_refused_and_logged(bench: Bench, user: str, meaning: Meaning) -> None:
    """Nobody's role, and deputies before the request was escalated."""
    request = bench.open()
    with pytest.raises(NotEntitledError):
        bench.sign(request, meaning, user, "because")
    assert bench.stored(request) == request
    (record,) = bench.ledger.of(EventName.SIGNATURE_REFUSED)
    assert (record.actor.name, record.actor.verified) == (user, True)
    assert (record.subject, record.details["error"]) == (request.request_id, "NotEntitledError")


@pytest.mark.parametrize(("user", "meaning"), [("ana", REVIEWED), ("quinn", APPROVED)])
def test_a_role_signs_for_its_own_part_only(bench: Bench, user: str, meaning: Meaning) -> None:
    with pytest.raises(NotEntitledError):
        bench.sign(bench.open(), meaning, user)


@pytest.mark.parametrize("second", [APPROVED, REJECTED])
def test_a_quorum_is_not_filled_by_one_person_under_two_roles(bench: Bench, second: Meaning) -> None:
    request = bench.sign(bench.open(), REVIEWED, "both")
    with pytest.raises(SeatFilledError, match="nobody signs twice"):
        bench.sign(request, second, "both", "again")
    assert bench.stored(request).status is Status.PENDING


def test_who_asked_for_the_training_and_who_changed_the_plan_do_not_decide_alone(bench: Bench) -> None:
    request = bench.sign(bench.open(), APPROVED, "dana")
    with pytest.raises(NotEntitledError, match="four eyes"):
        bench.sign(request, REVIEWED, "pat")
    assert bench.review(request, "quinn").status is Status.APPROVED


def test_four_eyes_know_the_plan_changer_by_mail_address_too(bench: Bench) -> None:
    """Version control knows people by mail address, where neither user name nor printed name tells."""
    changed = {"requested_by": "airflow:ana", "plan_changed_by": "Ben B <Ben.Bee@example.org>"}
    bench = replace(bench, facts=bench.facts.model_copy(update=changed))
    bench.people.change("quinn", email="ben.bee@example.org")
    request = bench.review(bench.open())
    with pytest.raises(NotEntitledError, match="four eyes"):
        bench.approve(request, "ana")
    decided = bench.approve(request, "ben")
    assert [(each.signer, each.has_stake) for each in decided.signatures] == [("quinn", True), ("ben", False)]


def test_four_eyes_know_who_sent_the_request_whatever_it_says(bench: Bench) -> None:
    """``requested_by`` is only said; the session that sent the message is AWS's word."""
    said = {"requested_by": "airflow:somebody", "sent_by": "AROAEXAMPLE:Ana@example.org"}
    bench = replace(bench, facts=bench.facts.model_copy(update=said))
    with pytest.raises(NotEntitledError, match="four eyes"):
        bench.sign(bench.sign(bench.open(), REVIEWED, "pat"), APPROVED, "ana")


def test_a_rejection_by_nobody_but_who_asked_is_refused(bench: Bench) -> None:
    with pytest.raises(NotEntitledError, match="four eyes"):
        bench.reject(bench.open(), "dana")


def test_a_role_taken_away_between_showing_and_signing_signs_nothing(bench: Bench) -> None:
    request = bench.open()
    challenge = bench.show(request, APPROVED)
    bench.people.change("ana", roles={})
    with pytest.raises(NotEntitledError):
        bench.answer(challenge, "ana")
    bench.people.change("ana", revoked_at=bench.clock())
    with pytest.raises(RevokedError):
        bench.answer(challenge, "ana")
    assert bench.stored(request).signatures == []


@pytest.mark.parametrize("role", ["model-owner", "quality-assurance"])
def test_the_provider_and_our_record_must_both_give_the_role(bench: Bench, role: str) -> None:
    """What the provider alone says (``authentication.groups`` is what both say) is not enough, nor our record alone."""
    request = bench.open()
    bench.people.change("olga", roles={role: bench.clock()})
    authenticate = bench.sign_ins.authenticate

    def without_groups(*given: object) -> object:
        proven = authenticate(*given)  # type: ignore[arg-type]
        narrowed = proven.authentication.model_copy(update={"groups": frozenset()})
        return type(proven)(narrowed, proven.person)

    bench.sign_ins.authenticate = without_groups  # type: ignore[assignment,method-assign]
    with pytest.raises(ApprovalError):
        bench.sign(request, APPROVED if role == "model-owner" else REVIEWED, "olga")
    assert bench.stored(request).signatures == []
