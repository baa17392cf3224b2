import threading

import pytest
from approval_fakes import NOW, PASSWORD, proof_of
from candidate_evidence import ROLE

from vigil.approvals.decide import DecisionOrder, decide
from vigil.approvals.errors import (
    AlreadyDecidedError,
    ApprovalError,
    AuthenticationError,
    EvidenceError,
    IncompleteDecisionError,
    NotEntitledError,
    RequestClosedError,
    RequestExpiredError,
    UnknownRequestError,
)
from vigil.approvals.models import Decision, Status
from vigil.approvals.statement import check_signature, statement
from vigil.approvals.timing import CLOCK_SKEW, FRESHNESS


def approve(request, **fields):
    return DecisionOrder(request.request_id, Decision.APPROVED, **fields)


def reject(request, comment="no"):
    return DecisionOrder(request.request_id, Decision.REJECTED, comment)


def refused(bench, request, error, order, proof):
    """The decision is refused with ``error`` and nothing changed."""
    before = bench.store.get(request.request_id)
    with pytest.raises(error) as caught:
        decide(order, proof, bench.deciding)
    assert bench.store.get(request.request_id) == before
    return str(caught.value)


def test_11_50_the_signature_holds_printed_name_time_and_meaning(bench):
    request = bench.open()
    decision = decide(approve(request), proof_of("ana"), bench.deciding).decision
    assert (decision.printed_name, decision.decided_at, decision.signer) == ("Ana", NOW, "ana")
    assert "approve" in decision.meaning
    assert decision.role == ROLE


def test_an_approval_is_stored_with_a_signature_that_verifies(bench):
    request = bench.open()
    decided = decide(approve(request, comment="looks right"), proof_of("ana"), bench.deciding)
    assert decided.status is Status.APPROVED
    assert decided.delivered_at is None
    check_signature(decided, bench.signer)


def test_everything_that_matters_is_in_the_signed_statement(bench):
    request = bench.open()
    decided = decide(approve(request, comment="why"), proof_of("ana"), bench.deciding)
    signed = str(statement(decided, decided.decision))
    for value in (
        request.request_id, request.execution_arn, request.facts.model_package_arn, request.facts.artefact_digest,
        request.facts.dataset_version, request.facts.evaluation_digest, request.facts.plan_digest,
        request.facts.code_revision, request.facts.image, request.facts.requested_by, "APPROVED", "why", "Ana",
        "2026-03-02T09:30:00.000000Z", bench.signer.key,
    ):  # fmt: skip
        assert value in signed


def test_11_200_a_wrong_password_signs_nothing(bench):
    request = bench.open()
    refused(bench, request, AuthenticationError, approve(request), proof_of("ana", "guess"))


@pytest.mark.parametrize("before", [FRESHNESS * 1.01, -CLOCK_SKEW * 1.01])
def test_11_200_a_sign_in_that_is_not_of_now_signs_nothing(bench, before):
    request = bench.open()
    bench.authenticator.signed_in_before = before
    refused(bench, request, AuthenticationError, approve(request), proof_of("ana"))


def test_11_10_g_only_the_plans_roles_may_sign(bench):
    request = bench.open()
    said = refused(bench, request, NotEntitledError, approve(request), proof_of("olga"))
    assert ROLE in said


def test_who_asked_for_the_training_cannot_sign_for_it(bench):
    """Asked as airflow:dana, signing as dana, who has the role."""
    request = bench.open()
    said = refused(bench, request, NotEntitledError, approve(request), proof_of("dana"))
    assert "four eyes" in said


@pytest.mark.parametrize("asked_by", ["dana", "DANA", "subject-of-dana", "queue:Dana"])
def test_four_eyes_sees_through_spelling(bench, asked_by):
    request = bench.open(facts=bench.facts.model_copy(update={"requested_by": asked_by}))
    refused(bench, request, NotEntitledError, approve(request), proof_of("dana"))


def test_a_rejection_needs_a_comment(bench):
    request = bench.open()
    refused(bench, request, IncompleteDecisionError, reject(request, "  "), proof_of("ana"))
    assert decide(reject(request, "drifted"), proof_of("ana"), bench.deciding).status is Status.REJECTED


def test_an_unknown_request_is_said_to_be_unknown(bench):
    with pytest.raises(UnknownRequestError, match="apr-nothing"):
        decide(DecisionOrder("apr-nothing", Decision.APPROVED), proof_of("ana"), bench.deciding)


def test_a_duplicate_decision_names_the_first_and_changes_nothing(bench):
    request = bench.open()
    decide(approve(request), proof_of("ana"), bench.deciding)
    said = refused(bench, request, AlreadyDecidedError, reject(request), proof_of("ben"))
    assert "APPROVED by Ana" in said


def test_a_late_decision_changes_nothing(bench):
    request = bench.open()
    bench.clock.advance(days=14)
    refused(bench, request, RequestExpiredError, approve(request), proof_of("ana"))


def test_a_decision_that_expires_while_it_is_signed_changes_nothing(bench):
    request = bench.open()
    bench.clock.advance(days=13, hours=23, minutes=59, seconds=59)
    sign = bench.signer.sign

    def slowly(digest):
        bench.clock.advance(seconds=2)
        return sign(digest)

    bench.signer.sign = slowly
    real_decide = bench.store.decide
    bench.store.decide = lambda request_id, decision: real_decide(
        request_id, decision.model_copy(update={"decided_at": bench.clock()})
    )
    refused(bench, request, RequestExpiredError, approve(request), proof_of("ana"))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (Status.EXPIRED, RequestExpiredError),
        (Status.WITHDRAWN, RequestClosedError),
        (Status.SUPERSEDED, RequestClosedError),
        (Status.APPROVED, AlreadyDecidedError),
        (Status.DECIDED_NOT_APPLIED, AlreadyDecidedError),
    ],
)
def test_a_closed_request_takes_no_decision(bench, status, error):
    request = bench.open()
    bench.store.change(request.request_id, status=status)
    refused(bench, request, error, approve(request), proof_of("ana"))


def test_nobody_is_asked_to_sign_in_for_a_request_that_is_closed(bench):
    request = bench.open()
    bench.store.change(request.request_id, status=Status.WITHDRAWN)
    bench.authenticator.people.clear()
    refused(bench, request, RequestClosedError, approve(request), proof_of("ana"))


def test_an_edited_evaluation_cannot_be_approved(bench):
    request = bench.open()
    edited = bench.evaluation.model_copy(update={"training_cases": 1_000_000})
    bench = bench.with_evidence(evaluations={request.facts.evaluation_uri: edited})
    said = refused(bench, request, EvidenceError, approve(request), proof_of("ana"))
    assert "evaluation was changed" in said


def test_facts_edited_before_the_decision_cannot_be_approved(bench):
    """Another artefact in the row than the one that was evaluated."""
    request = bench.open()
    bench.store.change(request.request_id, facts=request.facts.model_copy(update={"artefact_digest": "b" * 64}))
    said = refused(bench, request, EvidenceError, approve(request), proof_of("ana"))
    assert "artefact_digest" in said


def test_a_verdict_edited_in_the_row_cannot_be_approved(bench):
    request = bench.open()
    verdict = request.facts.verdict.model_copy(update={"criteria": request.facts.verdict.criteria[:3]})
    bench.store.change(request.request_id, facts=request.facts.model_copy(update={"verdict": verdict}))
    refused(bench, request, EvidenceError, approve(request), proof_of("ana"))


def test_a_request_whose_evaluation_is_lost_can_still_be_rejected(bench):
    request = bench.open()
    bench = bench.with_evidence(evaluations={})
    refused(bench, request, EvidenceError, approve(request), proof_of("ana"))
    assert decide(reject(request), proof_of("ana"), bench.deciding).status is Status.REJECTED


def test_of_deciders_at_once_exactly_one_wins(bench):
    request = bench.open()
    barrier = threading.Barrier(24)
    outcomes = []

    def one(number):
        order = approve(request) if number % 2 else reject(request)
        barrier.wait(10)
        try:
            outcomes.append(decide(order, proof_of("ana" if number % 2 else "ben"), bench.deciding).status)
        except ApprovalError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(outcomes) == 24
    winners = [outcome for outcome in outcomes if outcome is not AlreadyDecidedError]
    assert winners == [bench.store.get(request.request_id).status]
    check_signature(bench.store.get(request.request_id), bench.signer)


def test_a_store_whose_answer_was_lost_is_not_reported_as_somebody_elses_decision(bench):
    """The write happened, its answer did not arrive, the client's retry was refused."""
    request = bench.open()
    real_decide = bench.store.decide

    def twice(request_id, decision):
        real_decide(request_id, decision)
        real_decide(request_id, decision)

    bench.store.decide = twice
    assert decide(approve(request), proof_of("ana"), bench.deciding).status is Status.APPROVED


def test_the_password_is_in_no_form_of_the_proof():
    assert PASSWORD not in repr(proof_of("ana")) + str(proof_of("ana").model_dump())
