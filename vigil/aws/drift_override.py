"""A person overrides a drift decision: signed in afresh, entitled by the plan, recorded; refused attempts are too."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from vigil.approvals.authentication import AuthenticationPorts, Signer, authenticate
from vigil.approvals.errors import ApprovalError, BusyError
from vigil.audit.models import Actor
from vigil.aws.drift_assessment import lock_for, what_runs
from vigil.aws.drift_records import DriftRecords, Lock
from vigil.aws.serving_model import ServingModel
from vigil.aws.training_queue import execution_arn
from vigil.moments import Clock
from vigil.monitoring.errors import NothingNewError, NothingToOverrideError, RetrainingRunsError, UnknownDecisionError
from vigil.monitoring.models import Decide, DriftDecision, NewData
from vigil.monitoring.override import VIA, OverrideOrder, asked_override, overridden, require_override_role
from vigil.monitoring.retraining import Progress

MOST_ATTEMPTS = 4


class Starts(Protocol):
    """``Executions``, as far as an override needs it."""

    def start(self, state_machine: str, name: str, document: Mapping[str, object]) -> str: ...


@dataclass(frozen=True)
class OverridePorts:
    """``machine``: ARN of retrain-on-drift."""

    endpoint: str
    machine: str
    serving: ServingModel
    records: DriftRecords
    progress: Progress
    authentication: AuthenticationPorts
    executions: Starts
    clock: Clock


def override(order: OverrideOrder, ports: OverridePorts) -> DriftDecision:
    """Raises an ``ApprovalError`` and changes nothing but the ledger, which keeps the attempt."""
    decision = known_decision(order.decision_id, ports)
    asked = asked_override(order, ports.clock())
    signer = authenticate(order.proof, asked, ports.authentication, 0, order.expected_signer, VIA)
    actor = Actor(name=signer.authentication.username, via=signer.authentication.issuer, verified=True)
    try:
        protocol = ports.serving.plan(decision.report.plan_digest).modification_protocol
        require_override_role(signer, protocol, ports.clock())
        return _override(order, signer, actor, ports)
    except ApprovalError as refusal:
        ports.records.refused(decision, actor, refusal, asked.challenge_id)
        raise


def _override(order: OverrideOrder, signer: Signer, actor: Actor, ports: OverridePorts) -> DriftDecision:
    name = f"override-{order.decision_id}-{secrets.token_hex(4)}"
    for _ in range(MOST_ATTEMPTS):
        before = known_decision(order.decision_id, ports)
        retraining = ports.records.retraining(ports.endpoint)
        running = what_runs(retraining, ports.records, ports.progress)
        own = running is not None and running.decision_id == before.decision_id
        if running is not None and (own or order.decide is Decide.RETRAIN):
            raise RetrainingRunsError(f"{running.told()} is in progress: one at a time, wait for its end")
        if _was_never_asked_for(before) and order.decide is Decide.RETRAIN:
            return _start(before, name, ports)  # decided so before; only Airflow was not reached
        _refuse_pointless(before, order, ports.serving)
        new_data = _new_data(ports) if order.decide is Decide.RETRAIN else before.new_data
        after = overridden(before, order, signer.authentication.username, ports.clock(), new_data)
        lock: Lock | None = None
        if after.decide is Decide.RETRAIN:
            lock = lock_for(after, retraining, execution_arn(ports.machine, name), ports.records, ports.clock)
        if ports.records.overridden(before, after, lock, actor):
            return _start(after, name, ports) if lock is not None else after
    raise BusyError(f"decision {order.decision_id} changes too quickly: nothing was overridden, try again")


def known_decision(decision_id: str, ports: OverridePorts) -> DriftDecision:
    """Raises ``UnknownDecisionError``."""
    decision = ports.records.decision(ports.endpoint, decision_id)
    if decision is None:
        raise UnknownDecisionError(f"there is no drift decision {decision_id!r}: see `vigil drift list`")
    return decision


def _was_never_asked_for(decision: DriftDecision) -> bool:
    return decision.decide is Decide.RETRAIN and not decision.dag_run_id


def _refuse_pointless(decision: DriftDecision, order: OverrideOrder, serving: ServingModel) -> None:
    if decision.report.artefact_digest != serving.artefact_digest:
        raise NothingToOverrideError("the decision is about a model that does not serve (any more)")
    if decision.dag_run_id:
        raise NothingToOverrideError(
            f"its retraining was asked for as {decision.dag_run_id}: stop that run in Airflow, or reject its candidate"
        )
    if decision.decide is order.decide:
        raise NothingToOverrideError(f"the decision is {decision.decide} already")


def _new_data(ports: OverridePorts) -> NewData:
    found = ports.serving.new_data()
    if not found.quarters:
        raise NothingNewError("no quarter has landed that the model in service was not trained on: land one first")
    return found


def _start(decision: DriftDecision, name: str, ports: OverridePorts) -> DriftDecision:
    ports.executions.start(ports.machine, name, {"override": decision.decision_id})
    return decision
