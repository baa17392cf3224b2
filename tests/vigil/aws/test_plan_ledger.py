"""Runs that start at once: each change of the plan is recorded once, and none is forgotten."""

import pytest
from candidate_evidence import real_plan
from ledger_reading import records

from vigil.aws.ledger_ports import required_ledger
from vigil.aws.pinning import PinnedRun
from vigil.aws.plan_ledger import record_plan


def pinned(number, plan):
    return PinnedRun(
        key=f"{number:012d}", execution_arn=f"arn:run-{number}", requested_by="dana", plan_changed_by="Pat <pat@x.org>",
        reason="r", dataset_version="d" * 64, dataset_uri="s3://d/", plan_digest=plan.digest, plan_uri="s3://p/",
        hyperparameters={}, code_revision="c", image="i", instance_type="t", data_key="k", outputs_uri="s3://o",
        approval_timeout_seconds=60,
    )  # fmt: skip


@pytest.fixture
def plans():
    first = real_plan()
    return first, first.model_copy(update={"version": "2"}), first.model_copy(update={"version": "3"})


def stale(ledger, seen):
    """Another run's record came between this one's look and its append."""
    look, answers = ledger.newest, iter([seen])
    ledger.newest = lambda chain, event: next(answers, None) or look(chain, event)
    return ledger


def test_two_runs_that_see_the_same_plan_before_record_its_change_once(stack, plans):
    first, second, _ = plans
    record_plan(pinned(1, first), first, required_ledger(stack.parameters))
    (before,) = records(stack, "stack")
    record_plan(pinned(2, second), second, required_ledger(stack.parameters))
    record_plan(pinned(3, second), second, stale(required_ledger(stack.parameters), before))
    assert [record.new["version"] for record in records(stack, "stack")] == [first.version, "2"]


def test_two_runs_with_different_plans_at_once_are_both_recorded_one_after_the_other(stack, plans):
    first, second, third = plans
    record_plan(pinned(1, first), first, required_ledger(stack.parameters))
    (before,) = records(stack, "stack")
    record_plan(pinned(2, second), second, required_ledger(stack.parameters))
    record_plan(pinned(3, third), third, stale(required_ledger(stack.parameters), before))
    changes = [(record.old and record.old["version"], record.new["version"]) for record in records(stack, "stack")]
    assert changes == [(None, first.version), (first.version, "2"), ("2", "3")]


def test_other_records_of_the_chain_do_not_hide_the_plan_before(stack, plans):
    from vigil.audit.events import EventName
    from vigil.audit.models import Actor, Entry

    first, _, _ = plans
    ledger = required_ledger(stack.parameters)
    record_plan(pinned(1, first), first, ledger)
    actor = Actor(name="a", via="b", verified=False)
    for number in range(5):
        ledger.append(
            Entry(chain="stack", event=EventName.SIGN_IN_FAILED, key=str(number), actor=actor, subject="somebody")
        )
    record_plan(pinned(2, first), first, ledger)
    assert [record.event.value for record in records(stack, "stack")].count("plan.changed") == 1
