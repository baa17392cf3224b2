"""Of two who change the same thing at once, one has it and the other looks again: table, lock and ledger as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from drift_cases import ENDPOINT, NOW, report, rules, situation, week
from moto_stack import MotoStack

from vigil.audit.models import Actor, model_chain
from vigil.aws.approval_ports import ledger_table
from vigil.aws.drift_failures import FailureEvent, FailurePorts, record_failure
from vigil.aws.drift_records import DriftRecords, Lock
from vigil.aws.environment import aws_client
from vigil.aws.ledger_ports import LedgerUnavailableError, required_ledger
from vigil.aws.retraining_request import AskEvent, AskPorts, RetrainingNotWantedError, ask_for_retraining
from vigil.monitoring.decide import decide
from vigil.monitoring.models import Because, Decide, DriftDecision
from vigil.monitoring.retraining import Retraining, dag_run_id

WHO = Actor(name="a test", via="function", verified=True)


class World:
    def __init__(self, stack: MotoStack) -> None:
        self.parameters = stack.parameters

    def records(self) -> DriftRecords:
        """As one process has them, with what it has read."""
        ledger = required_ledger(self.parameters)
        return DriftRecords(aws_client("dynamodb"), self.parameters.tables.monitoring, ledger, "run")

    def events(self) -> list[str]:
        return [record.event.value for record in ledger_table(self.parameters).read(model_chain("run"))]


@pytest.fixture
def world(stack: MotoStack) -> World:
    return World(stack)


def decision(number: int = 0) -> DriftDecision:
    return decide(report(window=week(number)), rules(), situation())


def lock(found: DriftDecision, before: Retraining | None = None) -> Lock:
    after = Retraining(endpoint=ENDPOINT, decision_id=found.decision_id, execution_arn="arn:own", since=NOW)
    return Lock(before, after)


def test_a_decision_its_lock_and_its_record_are_there_together_and_once(world: World) -> None:
    found = decision()
    assert world.records().decided(found, lock(found), "arn:own", WHO)
    other = world.records()
    assert other.decision(ENDPOINT, found.decision_id) == found
    assert other.retraining(ENDPOINT) == lock(found).after
    assert not other.decided(found, None, "arn:other", WHO)
    assert world.events() == ["drift.decided"]
    assert other.was_decided_by(found.decision_id, "arn:own")
    assert not other.was_decided_by(found.decision_id, "arn:other")


def test_of_two_windows_that_want_the_free_place_one_has_it_and_nothing_of_the_other_is_written(world: World) -> None:
    first, second = decision(0), decision(1)
    assert first.decide is second.decide is Decide.RETRAIN
    one, two = world.records(), world.records()
    assert one.retraining(ENDPOINT) is two.retraining(ENDPOINT) is None
    assert one.decided(first, lock(first), "arn:1", WHO)
    assert not two.decided(second, lock(second), "arn:2", WHO)
    assert two.decision(ENDPOINT, second.decision_id) is None
    assert world.events() == ["drift.decided"]


def test_of_two_who_take_over_a_place_that_is_free_again_one_does(world: World) -> None:
    held = decision(0)
    assert world.records().decided(held, lock(held), "arn:0", WHO)
    one, two = world.records(), world.records()
    before = one.retraining(ENDPOINT)
    assert two.retraining(ENDPOINT) == before
    assert one.decided(decision(1), lock(decision(1), before), "arn:1", WHO)
    assert not two.decided(decision(2), lock(decision(2), before), "arn:2", WHO)
    assert not two.take(lock(decision(2), before))
    found = world.records().retraining(ENDPOINT)
    assert found is not None
    assert found.decision_id == decision(1).decision_id


def test_that_airflow_was_asked_is_recorded_once(world: World) -> None:
    found = decision()
    assert world.records().decided(found, lock(found), "arn:own", WHO)
    one, two = world.records(), world.records()
    read = [each.decision(ENDPOINT, found.decision_id) for each in (one, two)]
    assert read == [found, found]
    assert one.asked(found, dag_run_id(found.decision_id), WHO)
    assert not two.asked(found, dag_run_id(found.decision_id), WHO)
    after = two.decision(ENDPOINT, found.decision_id)
    assert after is not None
    assert after.dag_run_id == f"drift-{found.decision_id}"
    assert world.events() == ["drift.decided", "retraining.asked"]


def test_an_override_of_what_has_changed_meanwhile_writes_nothing(world: World) -> None:
    found = decision()
    assert world.records().decided(found, lock(found), "arn:own", WHO)
    late = world.records()
    assert late.decision(ENDPOINT, found.decision_id) == found
    asking = world.records()
    assert asking.decision(ENDPOINT, found.decision_id) == found
    assert asking.asked(found, "drift-x", WHO)
    wanted = found.model_copy(
        update={"decide": Decide.IGNORE, "because": Because.OVERRIDDEN, "overridden_at": NOW, "overridden_by": "ana"}
    )
    assert not late.overridden(found, wanted, None, WHO)
    assert world.events() == ["drift.decided", "retraining.asked"]


class Airflow:
    """Lets something happen in the moment in which it is asked."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile, self.asked = meanwhile, 0

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> bool:
        self.meanwhile()
        self.asked += 1
        return True


def test_of_an_override_and_a_request_in_the_same_moment_one_meets_the_other(world: World) -> None:
    found = decision()
    assert world.records().decided(found, lock(found), "arn:own", WHO)
    otherwise = found.model_copy(
        update={"decide": Decide.IGNORE, "because": Because.OVERRIDDEN, "overridden_at": NOW, "overridden_by": "ana"}
    )
    event = AskEvent(decision_id=found.decision_id, execution_arn="arn:own")

    late = world.records()  # has looked before Airflow is asked, and writes while it is
    assert late.decision(ENDPOINT, found.decision_id) == found
    written: list[bool] = []
    airflow: Any = Airflow(lambda: written.append(late.overridden(found, otherwise, None, WHO)))
    ask_for_retraining(event, AskPorts(ENDPOINT, world.records(), airflow, WHO))
    assert (written, airflow.asked) == ([False], 1)
    assert world.events() == ["drift.decided", "retraining.asked"]


def test_after_an_override_airflow_is_not_asked(world: World) -> None:
    found = decision()
    assert world.records().decided(found, lock(found), "arn:own", WHO)
    otherwise = found.model_copy(update={"decide": Decide.IGNORE, "overridden_at": NOW, "overridden_by": "ana"})
    asking = world.records()
    before = asking.decision(ENDPOINT, found.decision_id)
    assert before is not None
    person = world.records()
    assert person.decision(ENDPOINT, found.decision_id) == found
    assert person.overridden(found, otherwise, None, WHO)
    assert asking.asking(before, "arn:own") is None
    airflow: Any = Airflow(lambda: None)
    with pytest.raises(RetrainingNotWantedError):
        ask_for_retraining(
            AskEvent(decision_id=found.decision_id, execution_arn="arn:own"),
            AskPorts(ENDPOINT, world.records(), airflow, WHO),
        )
    assert airflow.asked == 0


def test_who_takes_a_request_up_again_marks_it_as_its_own(world: World) -> None:
    """The mark of an execution that died is no protection for the next one."""
    found = decision()
    assert world.records().decided(found, lock(found), "arn:own", WHO)
    for arn in ("arn:own", "arn:next"):
        records = world.records()
        before = records.decision(ENDPOINT, found.decision_id)
        assert before is not None
        marked = records.asking(before, arn)
        assert marked is not None and marked.asking == arn
        assert records.asking(marked, arn) == marked


def test_a_decision_may_be_overridden_more_than_once_and_each_time_is_recorded(world: World) -> None:
    found = decision()
    assert world.records().decided(found, None, "arn:own", WHO)
    for hours, what in ((1, Decide.IGNORE), (2, Decide.INVESTIGATE)):
        records = world.records()
        before = records.decision(ENDPOINT, found.decision_id)
        assert before is not None
        at = {"overridden_at": NOW + timedelta(hours=hours), "overridden_by": "ana"}
        after = before.model_copy(update={"decide": what, "because": Because.OVERRIDDEN, **at})
        assert records.overridden(before, after, None, WHO)
    assert world.events() == ["drift.decided", "drift.overridden", "drift.overridden"]


def test_a_failure_is_recorded_once_for_each_execution(world: World) -> None:
    for arn in ("arn:1", "arn:1", "arn:2"):
        world.records().not_handled(ENDPOINT, arn, {"outcome": "InternalFailure"}, WHO)
    assert world.events() == ["drift.not-handled"] * 2


def test_the_cool_down_counts_from_what_airflow_was_asked_for(world: World) -> None:
    held = Retraining(endpoint=ENDPOINT, decision_id="d", execution_arn="arn", since=NOW, previous_at=None)
    assert held.last_asked_at(None) is None
    assert held.last_asked_at(decision()) is None
    asked = decision().model_copy(update={"dag_run_id": "drift-d"})
    assert held.last_asked_at(asked) == NOW
    earlier = NOW - timedelta(days=9)
    assert held.model_copy(update={"previous_at": earlier}).last_asked_at(decision()) == earlier
    again = held.model_copy(update={"previous_decision": "c"})
    assert (again.last_asked(asked), again.last_asked(decision()), held.last_asked(None)) == ("d", "c", None)


class Topic:
    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def publish(self, subject: str, notice: dict[str, Any]) -> None:
        self.told.append(notice)


def test_a_failure_is_told_though_the_ledger_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    topic: Any = Topic()
    ports = FailurePorts(ENDPOINT, world.records(), topic, WHO)
    event = FailureEvent(execution_arn="arn:1", outcome="InternalFailure", cause="the ledger is away", decision_id="")
    monkeypatch.setattr(ports.records, "not_handled", failing(LedgerUnavailableError("away")))
    with pytest.raises(LedgerUnavailableError):
        record_failure(event, ports)
    assert [told["outcome"] for told in topic.told] == ["InternalFailure"]


def test_a_failure_is_recorded_though_nobody_can_be_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    topic: Any = Topic()
    monkeypatch.setattr(topic, "publish", failing(RuntimeError("no topic")))
    event = FailureEvent(execution_arn="arn:1", outcome="InternalFailure", cause="why", decision_id="")
    with pytest.raises(RuntimeError):
        record_failure(event, FailurePorts(ENDPOINT, world.records(), topic, WHO))
    assert world.events() == ["drift.not-handled"]


def failing(error: Exception) -> Callable[..., object]:
    def fail(*_: object) -> object:
        raise error

    return fail
