"""What is shown is fixed by its nonce: a provider's token for it is good for exactly this, and for nothing else."""

import pytest
from approval_bench import Bench
from candidate_evidence import real_plan

from vigil.approvals.desk import SigningOrder
from vigil.approvals.models import Facts, Meaning, Rollback
from vigil.approvals.prepare import prepare
from vigil.digests import canonical_json, sha256_hex
from vigil.moments import timestamp

FACTS = sorted(Facts.model_fields)
OTHER_PLAN = real_plan().model_copy(update={"version": "another"})
#: What a fact is changed to where sixty-four zeros are none of its values.
OTHER = {
    "plan_digest": OTHER_PLAN.digest,
    "verdict": Bench.make().facts.verdict.model_copy(update={"passed": False}),
    "rollback": Rollback(
        replaces_package="a", replaces_artefact="0" * 64, replaces_run_key="b", reason="worse", asked_via="a test"
    ),
}


@pytest.fixture
def challenge():
    bench = Bench.make()
    return bench.show(bench.open(), Meaning.APPROVED, "fine")


def document(challenge):
    """What is signed, written down a second time and not by the code under test."""
    return {
        "challenge_id": challenge.challenge_id,
        "request_id": challenge.request_id,
        "meaning": challenge.meaning.value,
        "comment": challenge.comment,
        "facts": challenge.facts.model_dump(mode="json"),
        "shown_at": timestamp(challenge.shown_at),
    }


def nonce_of(shown):
    return sha256_hex(canonical_json(shown))


def test_the_nonce_is_the_digest_of_everything_that_is_signed(challenge):
    assert challenge.nonce == nonce_of(document(challenge))


def shown_with(bench, facts=None, **order):
    """The nonce of what the desk shows for the first challenge of a new bench."""
    request = bench.open()
    if facts:
        bench.store.change(request.request_id, facts=request.facts.model_copy(update=facts))
    bench.evidence.plans[OTHER_PLAN.digest] = OTHER_PLAN
    usual = {"request_id": request.request_id, "meaning": Meaning.REJECTED, "comment": "no"}
    return prepare(SigningOrder.model_validate(usual | order), bench.signing).nonce


@pytest.mark.parametrize("change", [{}, {"meaning": Meaning.APPROVED}, {"comment": "no!"}])
def test_another_meaning_or_comment_has_another_nonce(change):
    same = shown_with(Bench.make(), **change) == shown_with(Bench.make())
    assert same is not bool(change)


def test_another_time_another_request_and_another_challenge_have_another_nonce():
    later, other, second = Bench.make(), Bench.make(), Bench.make()
    opened = later.open()
    later.clock.advance(microseconds=1)
    order = SigningOrder(request_id=opened.request_id, meaning=Meaning.REJECTED, comment="no")
    asked_again = other.open(execution="another-run", token="another-token")
    next(second.ids)
    nonces = {
        shown_with(Bench.make()),
        prepare(order, later.signing).nonce,
        prepare(order.model_copy(update={"request_id": asked_again.request_id}), other.signing).nonce,
        shown_with(second),
    }
    assert len(nonces) == 4


@pytest.mark.parametrize("fact", FACTS)
def test_any_other_fact_has_another_nonce(fact):
    assert shown_with(Bench.make(), {fact: OTHER.get(fact, "0" * 64)}) != shown_with(Bench.make())


def test_when_it_was_shown_and_when_it_was_signed_are_two_times(bench):
    challenge = bench.show(bench.open(), Meaning.APPROVED)
    shown_at = bench.clock()
    bench.clock.advance(seconds=40)
    bench.answer(challenge, "ana")
    (signature,) = bench.store.get(challenge.request_id).signatures
    assert (signature.shown_at, signature.signed_at) == (shown_at, bench.clock())
