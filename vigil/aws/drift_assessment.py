"""The first state of retrain-on-drift: what the event says is looked up, decided once, and recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigil.audit.models import Actor
from vigil.aws.drift_records import DriftRecords, Lock
from vigil.aws.environment import StackParameters
from vigil.aws.notifications import Notifications
from vigil.aws.serving_model import ServingModel
from vigil.aws.window_documents import read_window
from vigil.moments import Clock
from vigil.monitoring.decide import Situation, decide, needs_new_data
from vigil.monitoring.models import Decide, DriftDecision, NewData, WindowReport
from vigil.monitoring.retraining import Progress, Retraining, Running

#: Each round lets one of those who decide at once through, and one event comes from each of four monitors.
MOST_ATTEMPTS = 8


class AssessEvent(BaseModel):
    """``window``: the event's detail, a ``WindowReport`` that may be cut; ``override``: the decision to be taken up."""

    model_config = ConfigDict(extra="forbid")

    window: dict[str, Any] = Field(default_factory=dict)
    override: str = ""
    execution_arn: str


class Assessment(BaseModel):
    """``course``: what the state machine does next. The decision itself is in the table: an output has 256 KiB."""

    decision_id: str
    course: Literal["retrain", "investigate", "ignore", "already-decided"]


class AssessmentError(Exception):
    """The event is not about this endpoint, or is no report at all: nothing is decided."""


class DriftBusyError(Exception):
    """Others decide at the same moment, again and again. Step Functions matches this class by its name and retries."""


@dataclass(frozen=True)
class AssessmentPorts:
    parameters: StackParameters
    serving: ServingModel
    records: DriftRecords
    progress: Progress
    notifications: Notifications
    clock: Clock
    actor: Actor


def assess(event: AssessEvent, ports: AssessmentPorts) -> Assessment:
    """Decide on a window, or find that it is decided. Of an event, only what the monitor's own report says counts.

    Raises ``AssessmentError``, ``WindowDocumentError`` and ``DriftBusyError``.
    """
    endpoint = ports.parameters.sagemaker.endpoint
    if event.override:
        known = ports.records.decision(endpoint, event.override)
        if known is None:
            raise AssessmentError(f"there is no drift decision {event.override}: see `vigil drift list`")
        return _take_up(known, event.execution_arn, ports)
    told = _told(event, endpoint)
    for _ in range(MOST_ATTEMPTS):
        known = ports.records.decision(endpoint, told.id)
        if known is not None:
            return _take_up(known, event.execution_arn, ports)
        decision, lock = _decide(told, event.execution_arn, ports)
        if ports.records.decided(decision, lock, event.execution_arn, ports.actor):
            _tell(decision, ports.notifications)
            return Assessment(decision_id=decision.decision_id, course=decision.decide.value)
    raise DriftBusyError(f"decision {told.id} could not be recorded: others decide at the same moment, try again")


def _told(event: AssessEvent, endpoint: str) -> WindowReport:
    try:
        told = WindowReport.model_validate(event.window)
    except ValidationError as error:
        fields = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}))
        raise AssessmentError(f"the event is no report of a window: see {fields}") from None
    if told.endpoint != endpoint:
        raise AssessmentError(f"the event is about {told.endpoint}, this stack serves {endpoint}")
    return told


def _decide(told: WindowReport, execution_arn: str, ports: AssessmentPorts) -> tuple[DriftDecision, Lock | None]:
    report, sha256 = read_window(told, ports.parameters, ports.serving.s3, ports.serving.record)
    rules = ports.serving.rules(report)
    retraining = ports.records.retraining(report.endpoint)
    running = what_runs(retraining, ports.records, ports.progress)
    situation = Situation(
        serving=ports.serving.artefact_digest,
        running=running,
        last_retrained_at=last_asked_at(retraining, ports.records),
        new_data=NewData(),
        now=ports.clock(),
    )
    if needs_new_data(report, rules, situation):
        new_data = ports.serving.new_data()
        situation = replace(situation, new_data=new_data, tried=tried_before(new_data, retraining, ports))
    decision = decide(report, rules, situation).model_copy(update={"window_sha256": sha256})
    if decision.decide is not Decide.RETRAIN:
        return decision, None
    return decision, lock_for(decision, retraining, execution_arn, ports.records, ports.clock)


def _take_up(decision: DriftDecision, execution_arn: str, ports: AssessmentPorts) -> Assessment:
    """A decision that is there: nothing is left to do, unless its retraining was never asked for and nobody does."""
    done = Assessment(decision_id=decision.decision_id, course="already-decided")
    if ports.records.was_decided_by(decision.decision_id, execution_arn):
        return done.model_copy(update={"course": decision.decide.value})
    if decision.decide is not Decide.RETRAIN or decision.dag_run_id:
        return done
    retraining = ports.records.retraining(decision.report.endpoint)
    again = Assessment(decision_id=decision.decision_id, course="retrain")
    if retraining is not None and retraining.execution_arn == execution_arn:
        return again
    if what_runs(retraining, ports.records, ports.progress) is not None:
        return done
    lock = lock_for(decision, retraining, execution_arn, ports.records, ports.clock)
    return again if ports.records.take(lock) else done


def lock_for(
    decision: DriftDecision, before: Retraining | None, execution_arn: str, records: DriftRecords, clock: Clock
) -> Lock:
    after = Retraining(
        endpoint=decision.report.endpoint,
        decision_id=decision.decision_id,
        execution_arn=execution_arn,
        since=clock(),
        previous_at=last_asked_at(before, records),
        previous_decision=None if before is None else before.last_asked(records.held(before)),
    )
    return Lock(before, after)


def tried_before(new_data: NewData, retraining: Retraining | None, ports: AssessmentPorts) -> DriftDecision | None:
    """The last decision that Airflow was asked for, where it was for the very same data and a dataset came of it."""
    if retraining is None:
        return None
    last = retraining.last_asked(ports.records.held(retraining))
    found = None if last is None else ports.records.peek(retraining.endpoint, last)
    if found is None or not found.new_data.is_same(new_data) or not ports.progress.had_its_data(found.decision_id):
        return None
    return found


def what_runs(retraining: Retraining | None, records: DriftRecords, progress: Progress) -> Running | None:
    held = None if retraining is None else records.held(retraining)
    return progress.what_runs(retraining, was_asked=held is not None and held.dag_run_id is not None)


def last_asked_at(retraining: Retraining | None, records: DriftRecords) -> Any:
    """When the last retraining was decided that Airflow was really asked for."""
    if retraining is None:
        return None
    return retraining.last_asked_at(records.held(retraining))


def _tell(decision: DriftDecision, notifications: Notifications) -> None:
    """Somebody is told of what begins, and of what wants a look; what is ignored is in the records."""
    if decision.decide is Decide.IGNORE:
        return
    facts = decision.model_dump(mode="json", include={"decision_id", "decide", "because", "rule", "explanation"})
    notifications.publish(f"Vigil: drift, {decision.decide}", {"event": "drift-decided", **facts})
