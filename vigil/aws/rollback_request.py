"""Asking for a roll-back: checked at once, started once, and answered with the execution that asks for signatures.

What people and pages invoke. It decides nothing: ``pin_rollback`` looks at everything anew, then people sign.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vigil.approvals.models import LONGEST_MODEL, LONGEST_REASON
from vigil.approvals.redaction import redact_text
from vigil.approvals.rollback import RollbackRefusedError
from vigil.audit.models import Actor
from vigil.aws.executions import Executions
from vigil.aws.rollback_target import RollbackOrder, TargetPorts, find_target
from vigil.aws.training_queue import execution_arn
from vigil.digests import digest_of

NAME_DIGITS = 16  # of SHA-256
MOST_ASKED = 100  # of one model in place of another: after so many refusals somebody should talk
RUNNING = "RUNNING"


class AskForRollback(BaseModel):
    """``model``: a model package's ARN or a run key. ``asked_by``: as the caller says; nobody has proven it to us."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: str = Field(min_length=1, max_length=LONGEST_MODEL)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")
    asked_by: Actor


class RollbackAsked(BaseModel):
    """``is_new``: this call started it; else somebody, ``requested_by``, had asked already and it still runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    execution_arn: str
    model_package_arn: str
    replaces_package: str
    requested_by: str
    is_new: bool


@dataclass(frozen=True)
class RequestPorts:
    """``machine``: ARN of the state machine roll-back; ``serving``: the record of what serves."""

    target: TargetPorts
    serving: Mapping[str, str]
    machine: str
    executions: Executions


def request_rollback(ask: AskForRollback, ports: RequestPorts) -> RollbackAsked:
    """Start the roll-back, or join the one that runs. Raises ``RollbackRefusedError``."""
    order = _order(ask)
    package = find_target(order, ports.target).served.model_package_arn
    if not ports.serving.get("active_package"):
        raise RollbackRefusedError("nothing serves that could be replaced: promote a model instead")
    document = order.model_dump(mode="json", exclude_none=True)
    document.pop("run_key", None)
    document["model_package_arn"] = package
    arn = _start(package, document, ports)
    asked = json.loads(str(ports.executions.describe(arn).get("input") or "{}"))
    return RollbackAsked(
        execution_arn=arn,
        model_package_arn=package,
        replaces_package=ports.serving["active_package"],
        requested_by=str(asked.get("requested_by", "")),
        is_new=asked == document,
    )


def _order(ask: AskForRollback) -> RollbackOrder:
    named = {"model_package_arn" if ask.model.startswith("arn:") else "run_key": ask.model}
    who = {"requested_by": ask.asked_by.name, "asked_via": ask.asked_by.via}
    return RollbackOrder.of(named | who | {"reason": redact_text(ask.reason.strip())})


def _start(package: str, document: Mapping[str, object], ports: RequestPorts) -> str:
    """One execution for a target and what serves now (by the execution that put it there). One that has ended, because
    people said no or nobody decided, does not keep anybody from asking again: the next has the next number."""
    digest = digest_of([package, ports.serving.get("execution_arn", "")])[:NAME_DIGITS]
    for number in range(1, MOST_ASKED + 1):
        name = f"rollback-{digest}-{number}"
        arn = execution_arn(ports.machine, name)
        status = ports.executions.status(arn)
        if status == RUNNING:
            return arn
        if status is None:
            return ports.executions.start(ports.machine, name, document)
    raise RollbackRefusedError(f"this roll-back was asked for {MOST_ASKED} times: talk to those who sign")


def answer(event: Any, ports: RequestPorts) -> dict[str, Any]:
    """The function's side: ``{"ok": …}`` or ``{"refused": why}``. Raises ``ValidationError`` for what is no event."""
    ask = AskForRollback.model_validate(event)
    try:
        return {"ok": request_rollback(ask, ports).model_dump(mode="json")}
    except RollbackRefusedError as refused:
        return {"refused": str(refused)}
