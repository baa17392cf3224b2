"""Attacks on the way to the endpoint: each is refused by the verification, whoever started it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from approval_fakes import EXECUTION, TOKEN, FakeSigner

from vigil.approvals.errors import SignatureInvalidError
from vigil.approvals.models import Meaning, SignatureFacts, SignatureRecord, Status
from vigil.approvals.statement import statement_digest
from vigil.approvals.timing import TIME_TO_APPLY
from vigil.approvals.verify import verify_release

UPDATE = "arn:aws:states:us-east-1:123456789012:execution:update-endpoint:one"


@pytest.fixture
def approved(bench):
    return bench.approved()


def verify(bench, request, requested=EXECUTION, by=UPDATE):
    return verify_release(request.request_id, requested, by, bench.verification)


def refused(bench, request, words, **kwargs):
    with pytest.raises(SignatureInvalidError, match=words):
        verify(bench, request, **kwargs)


def signed_again(bench, request, place=-1, **fields):
    """Somebody may use the key, but went round ``sign``: one signature with other fields, well signed."""
    signatures = list(request.signatures)
    signatures[place] = forged(bench, request, signatures[place], **fields)
    bench.store.change(request.request_id, signatures=signatures)


def forged(bench, request, record, **fields):
    facts = SignatureFacts(**record.model_dump(include=set(SignatureFacts.model_fields)) | fields)
    digest = statement_digest(request, facts)
    signature = bench.signer.sign(bytes.fromhex(digest)).value
    return SignatureRecord(**facts.model_dump(), statement_digest=digest, signature=signature)


def test_an_approval_opens_the_way(bench, approved):
    assert verify(bench, approved).facts.artefact_digest == approved.facts.artefact_digest
    assert bench.store.get(approved.request_id).applied_by == UPDATE


def test_a_retry_of_the_same_execution_may_verify_again(bench, approved):
    assert verify(bench, approved).signatures == verify(bench, approved).signatures


def test_an_approval_cannot_be_used_twice(bench, approved):
    verify(bench, approved)
    refused(bench, approved, "used already", by=UPDATE + "-again")


def test_a_refused_verification_does_not_use_the_approval_up(bench, approved):
    refused(bench, approved, "another execution", requested="arn:of:another")
    verify(bench, approved)


def test_an_unknown_request_opens_nothing(bench):
    with pytest.raises(SignatureInvalidError, match="no approval request"):
        verify_release("apr-none", EXECUTION, UPDATE, bench.verification)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.APPROVED])
def test_only_an_approved_request_opens_the_way(bench, approved, status):
    bench.store.change(approved.request_id, status=status)
    refused(bench, approved, f"is {status}")


def test_a_flipped_row_opens_nothing(bench):
    request = bench.open()
    bench.store.change(request.request_id, status=Status.APPROVED)
    refused(bench, request, "holds no signature")


def test_a_flipped_rejection_opens_nothing(bench):
    request = bench.open()
    bench.reject(request)
    bench.store.change(request.request_id, status=Status.APPROVED)
    refused(bench, request, "the signatures say REJECTED, not APPROVED")


def test_11_70_a_signature_copied_to_another_model_does_not_verify(bench, approved):
    facts = bench.facts.model_copy(update={"model_package_arn": bench.facts.model_package_arn[:-1] + "2"})
    other = bench.open(execution=EXECUTION + "-2", token=TOKEN + "2", facts=facts)
    bench.store.change(other.request_id, status=Status.APPROVED, signatures=approved.signatures)
    refused(bench, other, "changed after it was signed", requested=EXECUTION + "-2")


@pytest.mark.parametrize(
    "field",
    ["model_package_arn", "artefact_digest", "artefact_uri", "image", "dataset_version", "evaluation_digest",
     "evaluation_uri", "plan_digest", "code_revision", "requested_by", "plan_changed_by", "sent_by"],
)  # fmt: skip
def test_11_10_a_a_fact_changed_after_the_signature_is_discerned(bench, approved, field):
    changed = approved.facts.model_copy(update={field: "f" * 64})
    bench.store.change(approved.request_id, facts=changed)
    refused(bench, approved, "changed after it was signed")


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("field", ["comment", "signer", "printed_name", "role", "subject", "issuer", "challenge_id"])
def test_a_part_of_a_signature_changed_after_the_signature_is_discerned(bench, approved, field, place):
    signatures = list(approved.signatures)
    signatures[place] = signatures[place].model_copy(update={field: "somebody else"})
    bench.store.change(approved.request_id, signatures=signatures)
    refused(bench, approved, "changed after it was signed")


def test_a_statement_digest_made_to_fit_does_not_help(bench, approved):
    """Changed facts with a digest computed anew: the signature is then over another digest."""
    changed = approved.model_copy(update={"facts": approved.facts.model_copy(update={"artefact_digest": "f" * 64})})
    signatures = [
        record.model_copy(update={"statement_digest": statement_digest(changed, record)})
        for record in approved.signatures
    ]
    bench.store.change(approved.request_id, facts=changed.facts, signatures=signatures)
    refused(bench, approved, "does not verify")


def test_a_signature_by_another_key_opens_nothing(bench, approved):
    """An attacker's own key, under its own name and under the stack's."""
    for key, words in (
        ("arn:aws:kms:us-east-1:666666666666:key/theirs", "another key"),
        (bench.signer.key, "not verify"),
    ):
        theirs = replace(bench, signer=FakeSigner(key))
        signatures = [forged(theirs, approved, record, signing_key=key) for record in approved.signatures]
        bench.store.change(approved.request_id, signatures=signatures)
        refused(bench, approved, words)


def test_a_swapped_artefact_is_not_put_into_service(bench, approved):
    bench = bench.with_evidence(artefacts={approved.facts.artefact_uri: "9" * 64})
    refused(bench, approved, "artefact's digest is 999")


def test_a_lost_artefact_is_not_put_into_service(bench, approved):
    refused(bench.with_evidence(artefacts={}), approved, "there is no s3://")


def test_an_evaluation_edited_after_the_decision_is_discerned(bench, approved):
    edited = bench.evaluation.model_copy(update={"training_cases": 5_000_000})
    bench = bench.with_evidence(evaluations={approved.facts.evaluation_uri: edited})
    refused(bench, approved, "evaluation was changed")


def test_a_plan_swapped_after_the_decision_is_discerned(bench, approved):
    other = bench.plan.model_copy(update={"version": "99"})
    bench = bench.with_evidence(plans={approved.facts.plan_digest: other})
    refused(bench, approved, "plan's digest")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "operators"}, "a role that the plan does not let sign"),
        ({"meaning": Meaning.REVIEWED}, "which signs approved"),
        ({"subject": "subject-of-quinn"}, "signed twice"),
        ({"signer": "quinn"}, "signed twice"),
        ({"role": "quality-assurance", "meaning": Meaning.REVIEWED}, "two people signed as quality-assurance"),
        ({"deputy_role": "quality-assurance-deputy"}, "no deputy of model-owner"),
        ({"deputy_role": "model-owner-deputy"}, "before the request could be escalated"),
    ],
)
def test_a_good_signature_that_nobody_was_entitled_to_opens_nothing(bench, approved, fields, words):
    """Somebody may use the key, but went round ``sign``."""
    signed_again(bench, approved, **fields)
    refused(bench, approved, words)


def test_good_signatures_of_only_those_who_have_a_stake_open_nothing(bench, approved):
    """Dana asked for the training, Pat changed the plan."""
    signed_again(bench, approved, 0, signer="pat", subject="s-1", printed_name="Pat Planner")
    signed_again(bench, bench.stored(approved), 1, signer="dana", subject="s-2")
    refused(bench, approved, "four eyes")


def test_what_the_desk_knew_of_the_signers_counts_where_their_names_do_not_tell(bench, approved):
    for place in (0, 1):
        signed_again(bench, bench.stored(approved), place, has_stake=True)
    refused(bench, approved, "four eyes")


@pytest.mark.parametrize("place", [0, 1])
def test_an_approval_with_one_signature_removed_opens_nothing(bench, approved, place):
    kept = [record for number, record in enumerate(approved.signatures) if number != place]
    bench.store.change(approved.request_id, signatures=kept)
    refused(bench, approved, "missing: ")


def test_the_order_in_which_the_signatures_lie_changes_nothing(bench, approved):
    """Each is over a statement of its own: what could be reordered says the same in any order."""
    bench.store.change(approved.request_id, signatures=approved.signatures[::-1])
    assert verify(bench, approved)


def test_one_signature_twice_is_not_two(bench, approved):
    bench.store.change(approved.request_id, signatures=[approved.signatures[1]] * 2)
    refused(bench, approved, "signed twice")


def test_a_signature_of_an_earlier_request_of_the_same_wait_is_not_taken_unless_it_was_carried(bench, approved):
    """The same execution and facts: only the request's own mark says that its signatures come from an earlier one."""
    bench.clock.advance(seconds=30)
    other = bench.open(token=TOKEN + "2", attempt=1)
    assert (other.status, other.signatures) == (Status.APPROVED, approved.signatures)
    bench.store.change(other.request_id, carried_from=None)
    refused(bench, other, "not carried to this one")


@pytest.mark.parametrize("before", [timedelta(minutes=15, seconds=1), timedelta(minutes=-2)])
def test_a_good_signature_after_a_stale_sign_in_opens_nothing(bench, approved, before):
    """The sign-in of this morning, and one that is yet to come."""
    moment = approved.signatures[1].signed_at
    signed_again(bench, approved, shown_at=moment - timedelta(hours=1), authenticated_at=moment - before)
    refused(bench, approved, "was not fresh")


def test_a_good_signature_after_a_sign_in_before_it_was_shown_opens_nothing(bench, approved):
    moment = approved.signatures[1].signed_at
    signed_again(bench, approved, shown_at=moment, authenticated_at=moment - timedelta(minutes=2))
    refused(bench, approved, "was not fresh")


def test_a_good_signature_made_after_the_expiry_opens_nothing(bench, approved):
    moment = approved.expires_at
    signed_again(bench, approved, shown_at=moment, authenticated_at=moment, signed_at=moment)
    refused(bench, approved, "signed after it had expired")


def test_an_approval_that_nobody_used_ages_out(bench, approved):
    bench.clock.now = approved.expires_at + TIME_TO_APPLY - timedelta(seconds=1)
    assert verify(bench, approved)
    bench.store.change(approved.request_id, applied_by=None)
    bench.clock.advance(seconds=1)
    refused(bench, approved, "never applied")


def test_an_approval_that_was_used_in_time_may_be_verified_again_by_its_user(bench, approved):
    """A redrive of the same execution, weeks later."""
    verify(bench, approved)
    bench.clock.now = approved.expires_at + timedelta(days=30)
    assert verify(bench, approved)


@pytest.mark.parametrize(
    "field", ["plan_digest", "dataset_version", "code_revision", "image", "requested_by", "sent_by", "plan_changed_by"]
)
def test_what_the_run_did_not_pin_is_not_put_into_service(bench, approved, field):
    bench.pins.runs[EXECUTION][field] = "another"
    refused(bench, approved, f"its {field} is .*, its run pinned another")


def test_a_request_whose_run_pinned_nothing_opens_nothing(bench, approved):
    bench.pins.runs.clear()
    refused(bench, approved, "its run pinned nothing")


def test_a_request_moved_to_another_models_chain_of_the_ledger_opens_nothing(bench, approved):
    bench.store.change(approved.request_id, run_key="another")
    refused(bench, approved, "its run_key is another")
