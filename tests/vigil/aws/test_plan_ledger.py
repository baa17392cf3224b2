"""Runs that start at once: each change of the plan is recorded once, and none is forgotten."""

import pytest
from candidate_evidence import real_plan
from ledger_reading import records

from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry
from vigil.aws.ledger_ports import RequiredLedger, required_ledger
from vigil.aws.plan_ledger import record_plan


def start(number, plan, ledger):
    record_plan(plan, "Pat <pat@x.org>", f"arn:run-{number}", "revision", ledger)


class Counting:
    """A client that keeps what it was asked."""

    def __init__(self, client):
        self._client, self.asked = client, []

    def __getattr__(self, name):
        self.asked.append(name)
        return getattr(self._client, name)


@pytest.fixture
def plans():
    first = real_plan()
    return first, first.model_copy(update={"version": "2"}), first.model_copy(update={"version": "3"})


def stale(ledger, seen):
    """Another run's record came between this one's look, which ended with ``seen``, and its append."""
    look, answers = ledger.find, [seen, None]
    ledger.find = lambda chain, key: answers.pop(0) if answers else look(chain, key)
    return ledger


def test_two_runs_that_see_the_same_plan_before_record_its_change_once(stack, plans):
    first, second, _ = plans
    start(1, first, required_ledger(stack.parameters))
    (before,) = records(stack, "stack")
    start(2, second, required_ledger(stack.parameters))
    start(3, second, stale(required_ledger(stack.parameters), before))
    assert [record.new["version"] for record in records(stack, "stack")] == [first.version, "2"]


def test_two_runs_with_different_plans_at_once_are_both_recorded_one_after_the_other(stack, plans):
    first, second, third = plans
    start(1, first, required_ledger(stack.parameters))
    (before,) = records(stack, "stack")
    start(2, second, required_ledger(stack.parameters))
    start(3, third, stale(required_ledger(stack.parameters), before))
    changes = [(record.old and record.old["version"], record.new["version"]) for record in records(stack, "stack")]
    assert changes == [(None, first.version), (first.version, "2"), ("2", "3")]


def test_what_else_is_in_the_chain_is_not_read_to_find_the_plan_before(stack, plans):
    first, second, third = plans
    ledger = required_ledger(stack.parameters)
    for number, plan in enumerate((first, second, third, first)):
        start(number, plan, ledger)
    actor = Actor(name="a", via="b", verified=False)
    for number in range(50):
        ledger.append(
            Entry(chain="stack", event=EventName.SIGN_IN_FAILED, key=str(number), actor=actor, subject="somebody")
        )
    counting = Counting(stack.client("dynamodb"))
    start(9, first, RequiredLedger(counting, stack.parameters.tables.ledger))
    assert counting.asked == ["get_item"] * (2 * 4 + 1), "a marker and a record for each change, and no marker after"
    assert [record.event.value for record in records(stack, "stack")].count("plan.changed") == 4
