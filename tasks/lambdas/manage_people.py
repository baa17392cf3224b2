"""Administers who may sign: adds, trains, revokes, unlocks, resets, lists. No other role may change an account."""

from __future__ import annotations

from typing import Any

from vigil.aws.authentication_ports import administration_ports
from vigil.aws.environment import load_parameters
from vigil.aws.people_desk import administer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return administer(event, administration_ports(load_parameters()))
