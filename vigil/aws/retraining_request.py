"""Airflow is asked for the retraining that a decision wants, by a run that has the decision's name, so never twice."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from vigil.audit.models import Actor
from vigil.aws.airflow_rest import MwaaAirflow
from vigil.aws.drift_assessment import DriftBusyError
from vigil.aws.drift_records import DriftRecords
from vigil.monitoring.explain_decision import training_reason
from vigil.monitoring.models import Decide, DriftDecision
from vigil.monitoring.retraining import BUILD_DAG, dag_run_id

MOST_ATTEMPTS = 4


class AskEvent(BaseModel):
    """``look``: only say what has become of the run that was asked for."""

    model_config = ConfigDict(extra="forbid")

    decision_id: str
    execution_arn: str
    look: bool = False


class AskResult(BaseModel):
    """``state``: of the DAG run, ``queued`` where it was asked for just now."""

    dag_run_id: str
    state: str


class RetrainingNotWantedError(Exception):
    """The decision does not want a retraining (any more), or another one holds the place: Airflow is not asked."""


@dataclass(frozen=True)
class AskPorts:
    endpoint: str
    records: DriftRecords
    airflow: MwaaAirflow
    actor: Actor


def ask_for_retraining(event: AskEvent, ports: AskPorts) -> AskResult:
    """Mark that Airflow is asked, ask, and record that it was asked. Doing it again changes nothing.

    The mark comes first: an override that was decided on in the same moment fails on it, or asking fails on that.

    Raises ``RetrainingNotWantedError``, ``AirflowUnavailableError``, ``AirflowRefusedError`` and ``DriftBusyError``.
    """
    run_id = dag_run_id(event.decision_id)
    if event.look:
        return AskResult(dag_run_id=run_id, state=ports.airflow.run_state(BUILD_DAG, run_id) or "missing")
    for _ in range(MOST_ATTEMPTS):
        decision = ports.records.asking(_wanted(event, ports), event.execution_arn)
        if decision is None:
            continue
        ports.airflow.trigger(BUILD_DAG, run_id, configuration(decision))
        if decision.dag_run_id or ports.records.asked(decision, run_id, ports.actor):
            return AskResult(dag_run_id=run_id, state="queued")
    raise DriftBusyError(f"that {run_id} was asked for could not be recorded, try again")


def configuration(decision: DriftDecision) -> dict[str, object]:
    """What the DAG's form would hold: the archives of the model in service with the new ones, the same bounds, why."""
    return {
        "archives": list(decision.new_data.archives),
        "profile": decision.new_data.profile,
        "reason": training_reason(decision.decision_id, decision.report, decision.rule),
    }


def _wanted(event: AskEvent, ports: AskPorts) -> DriftDecision:
    decision = ports.records.decision(ports.endpoint, event.decision_id)
    if decision is None or decision.decide is not Decide.RETRAIN:
        raise RetrainingNotWantedError(f"decision {event.decision_id} wants no retraining: Airflow is not asked")
    held = ports.records.retraining(ports.endpoint)
    if held is None or (held.decision_id, held.execution_arn) != (event.decision_id, event.execution_arn):
        raise RetrainingNotWantedError(f"another retraining has the place of {event.decision_id}: Airflow is not asked")
    return decision
