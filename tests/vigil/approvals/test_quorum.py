"""The quorum as properties: whatever people with whatever roles sign, in whatever order."""

from datetime import timedelta

import pytest
from approval_fakes import NOW
from candidate_evidence import facts_for, passing_evaluation, real_plan
from hypothesis import given
from hypothesis import strategies as st

from vigil.approvals.errors import NotEntitledError, SeatFilledError
from vigil.approvals.identity import is_same_person, spellings
from vigil.approvals.models import ApprovalRequest, Meaning, SignatureFacts, Status
from vigil.approvals.quorum import (
    Candidate,
    QuorumError,
    check_decides,
    check_four_eyes,
    check_signers,
    choose_place,
    missing_seats,
    outcome,
)
from vigil.change_control.models import ApprovalRules

PLAN = real_plan()
RULES = PLAN.protocol.approval
FACTS = facts_for(passing_evaluation(PLAN), PLAN)
NAMES = ("ana", "ben", "quinn", "dana", "pat", "mo")  # dana asked for the training, pat changed the plan
EXPIRES = NOW + timedelta(seconds=RULES.timeout_seconds)
ESCALATION = EXPIRES - timedelta(seconds=RULES.escalate_before_seconds)


def request_of(signatures=(), escalated=False):
    return ApprovalRequest.model_construct(
        request_id="apr-1", status=Status.PENDING, facts=FACTS, signatures=list(signatures), expires_at=EXPIRES,
        escalated_at=ESCALATION if escalated else None,
    )  # fmt: skip


def signature(name, place, meaning, at):
    return SignatureFacts(
        request_id="apr-1", attempt=0, entered_at=NOW, expires_at=EXPIRES, challenge_id="c", meaning=meaning,
        comment="", subject=f"subject-of-{name}", signer=name, printed_name=name.title(), role=place.seat.role,
        deputy_role=place.deputy_role, issuer="i", components=2, shown_at=at, authenticated_at=at, signed_at=at,
        signing_key="k", has_stake=False,
    )  # fmt: skip


def person(name, roles):
    return Candidate(f"subject-of-{name}", (name, name.title()), frozenset(roles))


def try_to_sign(request, rules, name, roles, meaning, at):
    """The signatures afterwards: as ``sign`` does it."""
    if outcome(rules, request.signatures) is not Status.PENDING:
        return request.signatures
    try:
        place = choose_place(request, rules, person(name, roles), meaning, at)
        after = [*request.signatures, signature(name, place, meaning, at)]
        check_four_eyes(rules, FACTS, after)
    except (NotEntitledError, SeatFilledError):
        return request.signatures
    return after


attempts = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.frozensets(st.sampled_from([*RULES.groups, "operators"])),
        st.sampled_from([Meaning.REVIEWED, Meaning.APPROVED, Meaning.APPROVED, Meaning.REJECTED]),
    ),
    max_size=12,
)


@given(attempts, st.booleans())
def test_whatever_is_tried_what_is_signed_is_what_the_verification_accepts(tried, escalated):
    request, at = request_of(escalated=escalated), ESCALATION if escalated else NOW
    for name, roles, meaning in tried:
        request = request_of(try_to_sign(request, RULES, name, roles, meaning, at), escalated)
    signatures = request.signatures
    check_signers(FACTS, RULES, signatures)
    check_decides(FACTS, RULES, signatures, outcome(RULES, signatures))
    assert len({each.subject for each in signatures}) == len(signatures), "somebody signed twice"
    assert len(signatures) <= len(RULES.signatures) + 1
    if outcome(RULES, signatures) is Status.APPROVED:
        assert {(each.role, each.meaning.value) for each in signatures} == {
            (seat.role, seat.meaning) for seat in RULES.signatures
        }
    if outcome(RULES, signatures) is not Status.PENDING:
        assert not {each.signer for each in signatures} <= {"dana", "pat"}, "four eyes"
    if not escalated:
        assert all(each.deputy_role is None for each in signatures)


@given(attempts, st.randoms())
def test_the_order_of_the_signatures_of_an_approval_does_not_matter(tried, chance):
    request = request_of()
    for name, roles, meaning in tried:
        request = request_of(try_to_sign(request, RULES, name, roles, meaning, NOW))
    shuffled = list(request.signatures)
    chance.shuffle(shuffled)
    assert outcome(RULES, shuffled) is outcome(RULES, request.signatures)
    assert len(missing_seats(RULES, shuffled)) == len(missing_seats(RULES, request.signatures))


@given(attempts, st.data())
def test_an_approval_without_any_one_of_its_signatures_is_none(tried, data):
    request = request_of()
    for name, roles, meaning in [*tried, ("quinn", {"quality-assurance"}, Meaning.REVIEWED),
                                 ("ana", {"model-owner"}, Meaning.APPROVED)]:  # fmt: skip
        request = request_of(try_to_sign(request, RULES, name, roles, meaning, NOW))
    if outcome(RULES, request.signatures) is not Status.APPROVED:
        return
    gone = data.draw(st.integers(0, len(request.signatures) - 1))
    with pytest.raises(QuorumError):
        check_decides(FACTS, RULES, request.signatures[:gone] + request.signatures[gone + 1 :], Status.APPROVED)


def test_one_person_under_two_roles_fills_one_seat():
    both = frozenset({"model-owner", "quality-assurance"})
    first = try_to_sign(request_of(), RULES, "ana", both, Meaning.REVIEWED, NOW)
    with pytest.raises(SeatFilledError, match="nobody signs twice"):
        choose_place(request_of(first), RULES, person("ana", both), Meaning.APPROVED, NOW)


def test_one_person_under_another_spelling_of_the_name_is_still_that_person():
    first = try_to_sign(request_of(), RULES, "ana", {"quality-assurance"}, Meaning.REVIEWED, NOW)
    other = Candidate("another-subject", ("ana", "Ana"), frozenset({"model-owner"}))
    with pytest.raises(SeatFilledError):
        choose_place(request_of(first), RULES, other, Meaning.APPROVED, NOW)


def test_who_asked_for_the_training_may_sign_beside_somebody_else_and_not_alone():
    with pytest.raises(NotEntitledError, match="four eyes"):
        rejected = signature("dana", choose_place(request_of(), RULES, person("dana", {"model-owner"}),
                                                  Meaning.REJECTED, NOW), Meaning.REJECTED, NOW)  # fmt: skip
        check_four_eyes(RULES, FACTS, [rejected])
    signatures = try_to_sign(request_of(), RULES, "dana", {"model-owner"}, Meaning.APPROVED, NOW)
    signatures = try_to_sign(request_of(signatures), RULES, "quinn", {"quality-assurance"}, Meaning.REVIEWED, NOW)
    assert outcome(RULES, signatures) is Status.APPROVED


def test_who_asked_and_who_changed_the_plan_do_not_decide_together():
    signatures = try_to_sign(request_of(), RULES, "dana", {"model-owner"}, Meaning.APPROVED, NOW)
    assert len(signatures) == 1
    assert try_to_sign(request_of(signatures), RULES, "pat", {"quality-assurance"}, Meaning.REVIEWED, NOW) == signatures


def test_where_the_plan_does_not_ask_for_four_eyes_one_with_a_stake_may_sign_alone():
    rules = RULES.model_copy(update={"four_eyes": False, "signatures": RULES.signatures[1:]})
    assert len(try_to_sign(request_of(), rules, "dana", {"model-owner"}, Meaning.APPROVED, NOW)) == 1


def test_a_plan_with_one_seat_needs_one_signature():
    rules = ApprovalRules.model_validate(
        RULES.model_dump() | {"signatures": [{"role": "owner", "meaning": "approved"}]}, strict=False
    )
    signatures = try_to_sign(request_of(), rules, "ana", {"owner"}, Meaning.APPROVED, NOW)
    assert outcome(rules, signatures) is Status.APPROVED


@pytest.mark.parametrize(("escalated", "at"), [(False, ESCALATION), (True, ESCALATION - timedelta(seconds=1))])
def test_a_deputy_signs_only_once_it_was_escalated_and_never_before_the_plan_says(escalated, at):
    deputy = person("mo", {"model-owner-deputy"})
    with pytest.raises(NotEntitledError, match="once the request was escalated"):
        choose_place(request_of(escalated=escalated), RULES, deputy, Meaning.APPROVED, at)
    place = choose_place(request_of(escalated=True), RULES, deputy, Meaning.APPROVED, ESCALATION)
    assert (place.seat.role, place.deputy_role) == ("model-owner", "model-owner-deputy")


@pytest.mark.parametrize(
    "recorded",
    ["ana", "ANA", " ana ", "airflow:ana", "queue:Ana", "Ana A <ana@example.org>", "ana@example.org",
     "Somebody <ana@example.org>", "uncommitted:Ana A <ana@example.org>"],
)  # fmt: skip
def test_a_name_is_seen_through_its_spellings(recorded):
    assert is_same_person(recorded, "ana")


@pytest.mark.parametrize("recorded", ["", "an", "anaa", "airflow:ben", "Ana <ben@example.org>x", "<>", "unknown"])
def test_another_name_is_another_person(recorded):
    assert not is_same_person(recorded, "ana", "subject-of-ana")


@given(st.text(max_size=60))
def test_any_recorded_name_can_be_compared(recorded):
    assert "" not in spellings(recorded)
    assert is_same_person(recorded, recorded) == bool(recorded.strip())
