"""Asks for a roll-back in the name that the caller gives: checks the model, starts the state machine once."""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import load_parameters
from vigil.aws.rollback_ports import request_ports
from vigil.aws.rollback_request import answer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return answer(event, request_ports(load_parameters()))
