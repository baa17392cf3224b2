"""Asking for a roll-back: checked, proven, started once, and answered with the execution that asks for signatures.

What people and pages invoke. It decides nothing: ``pin_rollback`` looks at everything anew, then people sign.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.approvals.authentication import AuthenticationPorts, Signer, authenticate
from vigil.approvals.errors import ApprovalError, RollbackRefusedError
from vigil.approvals.redaction import redact_text
from vigil.approvals.rollback_asking import (
    VIA,
    AskForRollback,
    asked_entry,
    asked_rollback,
    refusal_entry,
    require_asker,
)
from vigil.aws.executions import Executions
from vigil.aws.rollback_target import NamedModel, RollbackOrder, Target, TargetPorts, find_target
from vigil.aws.training_queue import execution_arn
from vigil.change_control.models import ApprovalRules
from vigil.digests import digest_of

NAME_DIGITS = 16  # of SHA-256
MOST_ASKED = 100  # of one model in place of another: after so many refusals somebody should talk
RUNNING = "RUNNING"


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
    """``machine``: ARN of the state machine roll-back; ``serving``: the record of what serves; ``rules``: those of the
    plan in force, which say who may ask."""

    target: TargetPorts
    serving: Mapping[str, str]
    machine: str
    executions: Executions
    rules: ApprovalRules
    authentication: AuthenticationPorts


def request_rollback(ask: AskForRollback, ports: RequestPorts) -> RollbackAsked:
    """Start the roll-back, or join the one that runs. Raises ``RollbackRefusedError`` before a password is tried, and
    an ``ApprovalError`` where the asker is not proven or may not ask; the ledger keeps that."""
    target = find_target(_named(ask.model), ports.target)
    package = target.served.model_package_arn
    if not ports.serving.get("active_package"):
        raise RollbackRefusedError("nothing serves that could be replaced: promote a model instead")
    signer, role = _asker(ask, target, ports)
    order = RollbackOrder(
        model_package_arn=package,
        requested_by=signer.authentication.username,
        reason=redact_text(ask.reason.strip()),
        asked_via=signer.authentication.issuer,
        asked_subject=signer.authentication.subject,
    )
    record = lambda arn: ports.authentication.ledger.append(  # noqa: E731
        asked_entry(target.run_key, arn, signer, role, package, order.reason)
    )
    document = order.model_dump(mode="json", exclude_none=True)
    arn, is_free = _start(package, document, record, ports)
    asked = json.loads(str(ports.executions.describe(arn).get("input") or "{}"))
    return RollbackAsked(
        execution_arn=arn,
        model_package_arn=package,
        replaces_package=ports.serving["active_package"],
        requested_by=str(asked.get("requested_by", "")),
        is_new=is_free and asked == document,  # else somebody was faster
    )


def _named(model: str) -> NamedModel:
    return NamedModel.of({"model_package_arn" if model.startswith("arn:") else "run_key": model})


def _asker(ask: AskForRollback, target: Target, ports: RequestPorts) -> tuple[Signer, str]:
    """Who asks, and the role by which they may."""
    with_, package = ports.authentication, target.served.model_package_arn
    asked = asked_rollback(ask, package, with_.clock())
    signer = authenticate(ask.proof, asked, with_, 0, ask.expected_signer, VIA)
    try:
        return signer, require_asker(signer, ports.rules, with_.clock())
    except ApprovalError as why:
        with_.ledger.append(refusal_entry(target.run_key, package, signer, why, asked.challenge_id))
        raise


def _start(
    package: str, document: Mapping[str, object], record: Callable[[str], object], ports: RequestPorts
) -> tuple[str, bool]:
    """One execution for a target and what serves now (by the execution that put it there). One that has ended, because
    people said no or nobody decided, does not keep anybody from asking again: the next has the next number.

    With whether nobody had asked when we looked. ``record`` keeps who asked, by the execution's ARN: before it starts,
    for it goes on with nobody's claim.
    """
    digest = digest_of([package, ports.serving.get("execution_arn", "")])[:NAME_DIGITS]
    for number in range(1, MOST_ASKED + 1):
        name = f"rollback-{digest}-{number}"
        arn = execution_arn(ports.machine, name)
        status = ports.executions.status(arn)
        if status == RUNNING:
            return arn, False
        if status is None:
            record(arn)
            return ports.executions.start(ports.machine, name, document), True
    raise RollbackRefusedError(f"this roll-back was asked for {MOST_ASKED} times: talk to those who sign")


def answer(event: Any, ports: RequestPorts) -> dict[str, Any]:
    """The function's side: ``{"ok": …}`` or ``{"refused": {"error": class, "message": why}}``.

    Raises ``ValidationError`` for what is no event; it names fields only, for a password is among them.
    """
    ask = AskForRollback.model_validate(event)
    try:
        return {"ok": request_rollback(ask, ports).model_dump(mode="json")}
    except (RollbackRefusedError, ApprovalError) as refused:
        return {"refused": {"error": type(refused).__name__, "message": str(refused)}}
