"""Asks for a roll-back in the name of whoever has just proven it. Nothing of an event is printed: it has a password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigil.aws.environment import load_parameters
from vigil.aws.rollback_ports import request_ports
from vigil.aws.rollback_request import answer
from vigil.change_control.plan import load_plan

PLAN = Path(__file__).parents[2] / "change_control" / "plan.yaml"  # the function's package carries it


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return answer(event, request_ports(load_parameters(), load_plan(PLAN)))
