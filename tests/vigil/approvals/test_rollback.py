"""Attacks on the way back into service: what never served, was changed or barred does not come back, whoever signs."""

import pytest
from approval_fakes import EXECUTION
from rollback_bench import ISSUER, NEWER, ROLL_BACK, UPDATE_AGAIN, approved, changed, opened, rollback_facts, served

from vigil.approvals.errors import NotEntitledError, RollbackRefusedError, SignatureInvalidError
from vigil.approvals.models import Facts, Meaning, Status
from vigil.approvals.rollback import check_quorum, check_standing, first_served
from vigil.approvals.statement import statement
from vigil.approvals.verify import verify_release
from vigil.audit.models import Actor, model_chain


@pytest.fixture
def bench_served(bench):
    served(bench)
    return bench


def verify(bench, request, requested=ROLL_BACK, by=UPDATE_AGAIN):
    return verify_release(request.request_id, requested, by, bench.verification)


def refused(bench, request, words, **kwargs):
    with pytest.raises(SignatureInvalidError, match=words):
        verify(bench, request, **kwargs)
    assert bench.store.get(request.request_id).applied_by is None


def test_a_signed_roll_back_opens_the_way_once(bench_served):
    request = approved(bench_served)
    assert verify(bench_served, request).facts.kind == "rollback"
    with pytest.raises(SignatureInvalidError, match="used already"):
        verify(bench_served, request, by=f"{UPDATE_AGAIN}-2")


def test_the_signed_statement_says_what_is_replaced_and_why(bench_served):
    request = approved(bench_served)
    said = statement(request, request.signatures[0])["facts"]["rollback"]
    assert (said["replaces_package"], said["reason"]) == (NEWER, "recall fell in the newest quarter")


def test_a_promotion_is_written_as_before_there_were_roll_backs(bench):
    """Statements that were signed then keep their digests."""
    assert "rollback" not in bench.facts.model_dump(mode="json")
    assert Facts.model_validate(bench.facts.model_dump(mode="json")) == bench.facts


def test_a_roll_back_is_written_as_before_askers_had_to_prove_who_they_are(bench):
    claimed = rollback_facts(bench).rollback.model_copy(update={"asked_subject": None})
    assert (
        "asked_subject" not in bench.facts.model_copy(update={"rollback": claimed}).model_dump(mode="json")["rollback"]
    )
    assert "asked_subject" in rollback_facts(bench).model_dump(mode="json")["rollback"]


def test_a_model_that_never_served_does_not_come_back(bench):
    bench.models.serving = NEWER
    bench.models.recorded[bench.facts.model_package_arn] = "RETIRED"  # the table alone proves nothing
    refused(bench, approved(bench), "never served by a verified release")


def test_an_endpoint_change_without_a_verified_release_proves_nothing(bench):
    request = bench.approved()
    changed(bench, bench.facts, request.request_id)
    bench.models.serving, bench.models.recorded[bench.facts.model_package_arn] = NEWER, "RETIRED"
    refused(bench, approved(bench), "never served by a verified release")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("artefact_digest", "c" * 64), ("artefact_uri", "s3://models/elsewhere/model.tar.gz"),
        ("image", "other@sha256:1"),
        ("dataset_version", "e" * 64), ("plan_digest", "f" * 64), ("code_revision", "revision-2"),
        ("evaluation_uri", "s3://models/other.json"), ("plan_changed_by", "Somebody Else <s@example.org>"),
    ],
)  # fmt: skip
def test_a_model_comes_back_only_as_it_served(bench_served, field, value):
    """Pinned, recorded and opened alike: only the chain of when it served says otherwise."""
    request = approved_whatever(bench_served, rollback_facts(bench_served, **{field: value}))
    with pytest.raises(SignatureInvalidError):
        verify(bench_served, request)


def approved_whatever(bench, facts):
    """Signed although the evidence does not hold: the desk was got round."""
    good = approved(bench, rollback_facts(bench))
    forged = good.model_copy(update={"facts": facts})
    bench.store.change(good.request_id, facts=facts)
    return forged


def test_another_artefact_that_all_tables_agree_on_is_refused_by_the_chain(bench_served):
    bench = bench_served
    other = "s3://models/artefacts/other/model.tar.gz"
    bench.evidence.artefacts[other] = bench.facts.artefact_digest
    refused(bench, approved(bench, rollback_facts(bench, artefact_uri=other)), "its artefact_uri is not the one with")


def test_an_artefact_that_was_changed_since_is_refused(bench_served):
    request = approved(bench_served)
    bench_served.evidence.artefacts[bench_served.facts.artefact_uri] = "c" * 64
    refused(bench_served, request, "the artefact's digest is c")


@pytest.mark.parametrize("status", ["Rejected", "PendingManualApproval"])
def test_a_model_that_was_barred_while_people_signed_does_not_come_back(bench_served, status):
    request = approved(bench_served)
    bench_served.models.registry[bench_served.facts.model_package_arn] = status
    refused(bench_served, request, f"is {status} in the registry")


@pytest.mark.parametrize(("status", "words"), [("ACTIVE", "serves already"), ("", "never served")])
def test_only_a_retired_model_comes_back(bench_served, status, words):
    request = approved(bench_served)
    bench_served.models.recorded[bench_served.facts.model_package_arn] = status
    refused(bench_served, request, words)


def test_what_was_signed_to_replace_one_model_replaces_no_other(bench_served):
    request = approved(bench_served)
    bench_served.models.serving = NEWER.replace("/2", "/3")
    refused(bench_served, request, "but .*/3 serves now: ask again")


def test_a_promotions_signatures_bring_nothing_back(bench):
    """The request by which it once came into service is used again, as if it were a roll-back's."""
    request = served(bench)
    with pytest.raises(SignatureInvalidError, match="used already"):
        verify(bench, request, requested=EXECUTION)


def test_a_copy_of_the_promotions_row_under_the_roll_backs_wait_is_refused(bench):
    request = served(bench)
    opened(bench, rollback_facts(bench))
    copied = request.model_copy(update={"execution_arn": ROLL_BACK, "applied_by": None})
    bench.store.change(request.request_id, execution_arn=ROLL_BACK, applied_by=None)
    refused(bench, copied, "names another wait|something was changed")


def test_a_roll_back_in_the_name_of_a_training_run_is_refused(bench_served):
    """A message with a roll-back's facts that names a training run, which pinned none."""
    request = approved(bench_served)
    bench_served.pins.runs[ROLL_BACK] = bench_served.pins.runs[EXECUTION]
    refused(bench_served, request, "run pinned|other facts than its execution pinned")


def test_a_roll_back_that_the_ledger_does_not_know_of_is_refused(bench_served):
    """A row in the runs table and a message on the queue are not enough."""
    facts = rollback_facts(bench_served)
    other = rollback_facts(bench_served, requested_by="somebody-else")
    refused(bench_served, approved(bench_served, facts, asked=other), "does not know that this roll-back was asked for")


@pytest.mark.parametrize(
    "proven",
    [
        {"actor": Actor(name="dana", via=ISSUER, verified=False)},
        {"actor": Actor(name="olga", via=ISSUER, verified=True)},
        {"actor": Actor(name="dana", via="https://another.example.org", verified=True)},
        {"details": {"subject": "subject-of-olga", "reason": "recall fell in the newest quarter"}},
        {"details": {"subject": "subject-of-dana", "reason": "another reason"}},
        {"new": {"package": NEWER}},
        {"subject": f"{ROLL_BACK}-of-another-time"},
    ],
)
def test_a_roll_back_whose_asker_has_not_proven_just_that_is_refused(bench_served, proven):
    refused(bench_served, approved(bench_served, **proven), "nobody has proven that they ask for this roll-back")


def test_a_roll_back_of_the_time_when_askers_were_claims_is_refused(bench_served):
    facts = rollback_facts(bench_served)
    claimed = facts.rollback.model_copy(update={"asked_subject": None})
    request = approved(bench_served, facts.model_copy(update={"rollback": claimed}))
    refused(bench_served, request, "nobody has proven that they ask for this roll-back")


def test_who_asked_has_a_stake_by_the_account_that_proved_it_too(bench_served):
    facts = rollback_facts(bench_served, requested_by="operator")
    asked = facts.rollback.model_copy(update={"asked_subject": "subject-of-ana"})
    request = opened(bench_served, facts.model_copy(update={"rollback": asked}))
    bench_served.sign(request, Meaning.REVIEWED, "pat")
    with pytest.raises(NotEntitledError, match="asked for this roll-back or changed the plan"):
        bench_served.sign(request, Meaning.APPROVED, "ana")


def test_other_facts_than_were_pinned_are_refused(bench_served):
    pinned = rollback_facts(bench_served, evaluation_uri="s3://models/other.json")
    refused(bench_served, approved(bench_served, pinned=pinned), "other facts than its execution pinned")


def test_who_asks_for_a_roll_back_does_not_decide_on_it_alone(bench_served):
    """Four eyes: the roll-back's asker and the plan's author are the only signers."""
    request = opened(bench_served, rollback_facts(bench_served, requested_by="ana"))
    bench_served.sign(request, Meaning.REVIEWED, "pat")
    with pytest.raises(NotEntitledError, match="asked for this roll-back or changed the plan"):
        bench_served.sign(request, Meaning.APPROVED, "ana")


def test_who_asked_for_the_training_has_no_stake_in_the_roll_back(bench_served):
    request = opened(bench_served, rollback_facts(bench_served, requested_by="somebody"))
    bench_served.sign(request, Meaning.REVIEWED, "pat")
    assert bench_served.sign(request, Meaning.APPROVED, "dana").status is Status.APPROVED


def test_a_model_that_came_back_once_may_come_back_again(bench_served):
    bench = bench_served
    first = approved(bench)
    verify(bench, first)
    changed(bench, bench.facts, first.request_id, UPDATE_AGAIN)
    found = first_served(bench.facts.model_package_arn, bench.ledger.read(model_chain(first.run_key)))
    assert found == bench.facts  # those of its promotion, not of the roll-back


def test_standing_is_asked_of_table_and_registry(bench_served):
    check_standing(bench_served.facts.model_package_arn, bench_served.models)
    with pytest.raises(RollbackRefusedError, match="it never served"):
        check_standing("arn:of:nothing", bench_served.models)


def test_nobody_gets_round_a_stricter_plan_by_rolling_back(bench):
    rules = bench.plan.protocol.approval
    check_quorum(rules, rules)
    weaker = rules.model_copy(update={"signatures": rules.signatures[:1]})
    check_quorum(rules, weaker)  # a stricter plan of the model's own is no hindrance
    with pytest.raises(RollbackRefusedError, match="train again under the plan in force"):
        check_quorum(weaker, rules)
    with pytest.raises(RollbackRefusedError, match="four eyes"):
        check_quorum(rules.model_copy(update={"four_eyes": False}), rules)
