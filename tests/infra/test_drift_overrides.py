"""A person decides otherwise than the plan did, by command, on a deployed stack: who may, when, and what remains."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drift_stack import DriftStack
from drift_steps import override, retrained

from vigil.approvals.errors import AuthenticationError, NotEntitledError
from vigil.aws.approval_ports import ledger_table
from vigil.aws.environment import aws_client
from vigil.aws.people_table import PeopleTable
from vigil.monitoring.errors import NothingNewError, NothingToOverrideError, RetrainingRunsError
from vigil.monitoring.models import Because, Decide
from vigil.monitoring.retraining import dag_run_id

pytestmark = pytest.mark.stack


@pytest.fixture
def stack(drifting: DriftStack) -> Iterator[DriftStack]:
    drifting.reset()
    yield drifting


def test_a_person_overrides_by_command_and_the_run_names_them(stack: DriftStack) -> None:
    first = retrained(stack)
    stack.airflow.runs[dag_run_id(first.id)]["state"] = "failed"
    again = stack.window()
    assert stack.handle(again) == ["Ignored"]
    assert stack.decided(again).because is Because.COOL_DOWN
    shown = [stack.vigil("drift", *words) for words in (("list",), ("show", again.id))]
    assert all(done.returncode == 0 and again.id in done.stdout for done in shown), [done.stderr for done in shown]
    done = override(stack, again, "retrain")
    assert done.returncode == 0, done.stderr
    assert stack.ends(1) == ["Retraining"]
    decision = stack.decided(again)
    assert (decision.decide, decision.because, decision.overridden_by) == (Decide.RETRAIN, Because.OVERRIDDEN, "ana")
    assert decision.dag_run_id == dag_run_id(again.id)
    assert stack.recorded(again.id) == ["drift.decided", "drift.overridden", "retraining.asked"]
    (record,) = [each for each in stack.records(f"drift:{again.id}") if each.event == "drift.overridden"]
    assert (record.actor.name, record.actor.verified) == ("ana", True)
    assert record.old == {"decide": "ignore", "because": "cool-down"}
    assert override(stack, again, "ignore").returncode == RetrainingRunsError.exit_code


def test_an_override_waits_its_turn_and_needs_something_new(stack: DriftStack) -> None:
    retrained(stack)
    again = stack.window()
    assert stack.handle(again) == ["Ignored"]
    assert override(stack, again, "retrain").returncode == RetrainingRunsError.exit_code
    assert stack.recorded(again.id) == ["drift.decided", "drift.override-refused"]
    stack.reset()
    stack.unland()
    assert override(stack, again, "retrain").returncode == NothingNewError.exit_code
    assert override(stack, again, "ignore").returncode == NothingToOverrideError.exit_code
    assert override(stack, again, "investigate").returncode == 0
    assert stack.decided(again).decide is Decide.INVESTIGATE
    assert stack.asked(again) == 0


def test_who_may_not_override_changes_nothing_and_leaves_a_record(stack: DriftStack) -> None:
    found = stack.window(violations=1)
    assert stack.handle(found) == ["Investigate"]
    before = stack.decided(found)
    assert override(stack, found, "ignore", user="ben").returncode == NotEntitledError.exit_code
    assert stack.recorded(found.id) == ["drift.decided", "drift.override-refused"]
    wrong = override(stack, found, "ignore", password="Not-the-right-1!")
    assert wrong.returncode == AuthenticationError.exit_code
    assert "Not-the-right" not in wrong.stderr
    (failure,) = [each for each in ledger_table(stack.parameters).read("stack") if each.event == "sign-in.failed"]
    assert (failure.subject, failure.actor.via) == ("person:ana", "override of a drift decision")
    assert failure.details["request_id"] == f"drift:{found.id}"
    person = PeopleTable(aws_client("dynamodb"), stack.parameters.tables.people).get("ana")
    assert person is not None and person.failures == 1, "a guess here counts towards the lock-out"
    assert override(stack, found.model_copy(update={"endpoint": "x"}), "ignore").returncode == 3
    assert stack.decided(found) == before
