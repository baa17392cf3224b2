"""First state of roll-back: the model served before, is not barred and is unchanged; all that is signed is fixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigil.aws.environment import load_parameters
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.plan_ledger import record_plan
from vigil.aws.rollback_pinning import PinRollbackEvent, pin_rollback, rollback_requested
from vigil.aws.rollback_ports import rollback_ports
from vigil.change_control.plan import load_plan

PLAN = Path(__file__).parents[2] / "change_control" / "plan.yaml"  # the function's package carries it


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    plan, ledger = load_plan(PLAN), required_ledger(parameters)
    pinned = pin_rollback(PinRollbackEvent.model_validate(event), rollback_ports(parameters, plan))
    record_plan(plan, parameters.code.plan_changed_by, pinned.execution_arn, parameters.code.revision, ledger)
    ledger.append(rollback_requested(pinned))
    return pinned.model_dump(mode="json")
