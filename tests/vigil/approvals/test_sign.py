"""Signing: what is stored, and everything that is refused without a change."""

import pytest
from approval_bench import Bench

from vigil.approvals.errors import (
    AlreadyDecidedError,
    AuthenticationError,
    BusyError,
    ChallengeError,
    EvidenceError,
    IncompleteDecisionError,
    NotEntitledError,
    RequestClosedError,
    RequestExpiredError,
    RevokedError,
    SeatFilledError,
    TrainingExpiredError,
    UnknownRequestError,
    WrongPersonError,
)
from vigil.approvals.models import Meaning, Status
from vigil.approvals.prepare import CHALLENGE_LASTS
from vigil.approvals.statement import check_signatures
from vigil.approvals.timing import CLOCK_SKEW, FRESHNESS
from vigil.audit.events import EventName

APPROVED, REVIEWED, REJECTED = Meaning.APPROVED, Meaning.REVIEWED, Meaning.REJECTED


def refused(bench, request, error, challenge, user="ana", **more):
    """The signature is refused with ``error``, nothing changed but the ledger, which has the attempt; what was said."""
    before, used = bench.store.get(request.request_id), set(bench.store.used)
    with pytest.raises(error) as caught:
        bench.answer(challenge, user, **more)
    assert bench.store.get(request.request_id) == before
    assert bench.store.used == used
    return str(caught.value)


def last_refusal(bench):
    return bench.ledger.of(EventName.SIGNATURE_REFUSED)[-1]


def test_two_people_in_two_roles_approve(bench):
    request = bench.open()
    first = bench.answer(bench.show(request, REVIEWED), "quinn")
    assert (first.signed_as, [seat.role for seat in first.missing]) == ("quality-assurance", ["model-owner"])
    assert bench.stored(request).status is Status.PENDING
    second = bench.answer(bench.show(request, APPROVED, "fine"), "ana")
    assert (second.missing, second.request["status"]) == ([], "APPROVED")
    decided = bench.stored(request)
    assert [record.signer for record in decided.signatures] == ["quinn", "ana"]
    assert decided.decided_at == bench.clock()
    check_signatures(decided, bench.signer)


def test_the_order_of_the_seats_does_not_matter(bench):
    request = bench.open()
    bench.approve(request)
    assert bench.review(request).status is Status.APPROVED


@pytest.mark.parametrize("user", ["ana", "quinn"])
def test_one_rejection_ends_the_request(bench, user):
    request = bench.open()
    assert bench.reject(request, user, "drifted").status is Status.REJECTED
    assert bench.stored(request).rejection.comment == "drifted"


def test_a_rejection_after_the_other_seats_signature_ends_it_too(bench):
    request = bench.review(bench.open())
    assert bench.reject(request, "quentin").status is Status.REJECTED


def test_a_rejection_needs_a_comment(bench):
    with pytest.raises(IncompleteDecisionError):
        bench.show(bench.open(), REJECTED, "  ")


def test_an_unknown_request_is_said_to_be_unknown(bench):
    with pytest.raises(UnknownRequestError, match="apr-nothing"):
        bench.show(bench.open().model_copy(update={"request_id": "apr-nothing"}), APPROVED)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (Status.EXPIRED, RequestExpiredError), (Status.WITHDRAWN, RequestClosedError),
        (Status.SUPERSEDED, RequestClosedError), (Status.APPROVED, AlreadyDecidedError),
        (Status.REJECTED, AlreadyDecidedError), (Status.DECIDED_NOT_APPLIED, AlreadyDecidedError),
    ],
)  # fmt: skip
def test_a_closed_request_is_neither_shown_for_signing_nor_signed(bench, status, error):
    request = bench.open()
    challenge = bench.show(request, APPROVED)
    bench.store.change(request.request_id, status=status)
    with pytest.raises(error):
        bench.show(request, APPROVED)
    refused(bench, request, error, challenge)
    assert bench.sign_ins.tried == [], "somebody was asked to sign in for nothing"


def test_a_late_signature_names_the_decision_that_stands(bench):
    request = bench.open()
    challenge = bench.show(request, REJECTED, "late")
    bench.approve(bench.review(request))
    assert "APPROVED by Ana" in refused(bench, request, AlreadyDecidedError, challenge, "ben")


def test_after_the_expiry_nothing_is_signed(bench):
    request = bench.open()
    bench.clock.advance(days=13, hours=23, minutes=55)
    challenge = bench.show(request, APPROVED)
    assert challenge.expires_at == request.expires_at
    bench.clock.now = request.expires_at
    with pytest.raises(ChallengeError, match="too long ago"):
        bench.answer(challenge, "ana")
    with pytest.raises(RequestExpiredError):
        bench.show(request, APPROVED)


def test_what_expires_while_it_is_signed_is_not_signed(bench):
    request = bench.open()
    bench.clock.advance(days=13, hours=23, minutes=59, seconds=59)
    challenge = bench.show(request, APPROVED)
    authenticate = bench.sign_ins.authenticate

    def slowly(*given):
        proven = authenticate(*given)
        bench.clock.advance(seconds=2)
        return proven

    bench.sign_ins.authenticate = slowly
    refused(bench, request, RequestExpiredError, challenge)


def test_a_challenge_is_good_for_one_signature(bench):
    request = bench.open()
    challenge = bench.show(request, REVIEWED)
    bench.answer(challenge, "quinn")
    with pytest.raises(ChallengeError, match="signed already"):
        bench.answer(challenge, "quentin")
    assert len(bench.stored(request).signatures) == 1


def test_a_challenge_of_yesterday_and_one_that_nobody_made_are_refused(bench):
    challenge = bench.show(bench.open(), APPROVED)
    bench.clock.advance(seconds=CHALLENGE_LASTS.total_seconds())
    with pytest.raises(ChallengeError, match="too long ago"):
        bench.answer(challenge, "ana")
    with pytest.raises(ChallengeError, match="not known"):
        bench.answer(challenge.model_copy(update={"challenge_id": "made-up"}), "ana")


def test_a_request_that_changed_since_it_was_shown_is_not_signed(bench):
    request = bench.open()
    challenge = bench.show(request, APPROVED)
    changed = request.facts.model_copy(update={"artefact_digest": "b" * 64})
    bench.store.change(request.request_id, facts=changed)
    refused(bench, request, ChallengeError, challenge)


def test_two_challenges_for_the_same_have_different_nonces(bench):
    request = bench.open()
    shown = [bench.show(request, APPROVED), bench.show(request, APPROVED), bench.show(request, APPROVED, "x")]
    assert len({challenge.nonce for challenge in shown}) == 3


def test_a_wrong_password_leaves_the_challenge_for_the_right_one(bench):
    request = bench.open()
    challenge = bench.show(request, REVIEWED)
    refused(bench, request, AuthenticationError, challenge, "quinn", password="guess")
    bench.answer(challenge, "quinn")


@pytest.mark.parametrize("before", [CLOCK_SKEW * 1.01, -CLOCK_SKEW * 1.01])
def test_a_sign_in_before_it_was_shown_or_yet_to_come_signs_nothing(bench, before):
    request = bench.open()
    bench.sign_ins.signed_in_before = before
    refused(bench, request, AuthenticationError, bench.show(request, APPROVED))
    assert FRESHNESS >= CHALLENGE_LASTS, "who takes the whole time to read could not sign"


def test_another_person_than_the_interface_knows_is_refused_before_the_password_is_tried(bench):
    request = bench.open()
    challenge = bench.show(request, APPROVED)
    said = refused(bench, request, WrongPersonError, challenge, "ana", expected_signer="ben")
    assert "ben" in said
    assert bench.sign_ins.tried == []
    bench.answer(challenge, "ana", expected_signer="ana")


def test_a_provider_that_answers_with_another_person_is_not_believed(bench):
    request = bench.open()
    authenticate = bench.sign_ins.authenticate
    bench.sign_ins.authenticate = lambda proof, challenge, seconds, _: authenticate(proof, challenge, seconds, None)
    refused(bench, request, WrongPersonError, bench.show(request, APPROVED), "ana", expected_signer="ben")


def test_a_revoked_person_cannot_sign(bench):
    request = bench.open()
    bench.people.change("ana", revoked_at=bench.clock())
    refused(bench, request, RevokedError, bench.show(request, APPROVED))


def test_without_a_role_nothing_is_signed_and_the_attempt_is_recorded(bench):
    request = bench.open()
    said = refused(bench, request, NotEntitledError, bench.show(request, APPROVED), "olga")
    assert "model-owner" in said
    record = last_refusal(bench)
    assert (record.actor.name, record.actor.verified, record.details["error"]) == ("olga", True, "NotEntitledError")


def test_a_role_signs_only_what_its_seat_means(bench):
    said = refused(bench, request := bench.open(), NotEntitledError, bench.show(request, APPROVED), "quinn")
    assert "reviewed as quality-assurance" in said


def test_training_that_ran_out_signs_nothing_and_says_what_to_do(bench):
    request = bench.open()
    bench.people.change("ana", roles={"model-owner": bench.clock().replace(year=2024)})
    said = refused(bench, request, TrainingExpiredError, bench.show(request, APPROVED))
    assert "vigil people train" in said


def test_nobody_signs_twice(bench):
    request = bench.sign(bench.open(), REVIEWED, "both")
    said = refused(bench, request, SeatFilledError, bench.show(request, APPROVED), "both")
    assert "nobody signs twice" in said


def test_a_seat_that_is_filled_takes_no_second_signature(bench):
    request = bench.open()
    challenge = bench.show(request, REVIEWED)
    bench.review(request, "quinn")
    refused(bench, request, SeatFilledError, challenge, "quentin")
    with pytest.raises(SeatFilledError, match="waits for approved by model-owner"):
        bench.show(request, REVIEWED)


def test_an_edited_evaluation_cannot_be_shown_for_approval_nor_approved_but_rejected(bench):
    request = bench.open()
    challenge = bench.show(request, APPROVED)
    edited = bench.evaluation.model_copy(update={"training_cases": 1_000_000})
    bench = bench.with_evidence(evaluations={request.facts.evaluation_uri: edited})
    assert "evaluation was changed" in refused(bench, request, EvidenceError, challenge)
    with pytest.raises(EvidenceError):
        bench.show(request, APPROVED)
    assert bench.reject(request).status is Status.REJECTED


def test_a_row_that_always_changes_is_given_up_and_nothing_is_signed(bench):
    request = bench.open()
    challenge = bench.show(request, APPROVED)
    bench.store.sign = lambda *_: False
    refused(bench, request, BusyError, challenge)


def test_a_stored_signature_is_never_answered_as_refused_because_no_session_began(bench):
    request = bench.open()

    def busy(*_):
        raise AuthenticationError("too many sign-ins under this user name at once: try again")

    bench.sign_ins.begin_session = busy
    result = bench.answer(bench.show(request, REVIEWED), "quinn")
    assert (result.signed_as, result.session) == ("quality-assurance", None)
    assert [record.signer for record in bench.stored(request).signatures] == ["quinn"]
    assert bench.ledger.of(EventName.SIGNATURE_REFUSED) == []


def test_signing_in_makes_no_session_where_the_plan_has_none():
    bench = Bench.make()
    result = bench.answer(bench.show(bench.open(), APPROVED), "ana")
    assert (result.session, result.session_expires_at) == (None, None)
