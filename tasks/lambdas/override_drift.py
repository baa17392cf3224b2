"""Lets an entitled person override a drift decision. Nothing of an event is printed or raised: a password is in it."""

from __future__ import annotations

from typing import Any

from vigil.aws.drift_override import serve_override
from vigil.aws.drift_ports import override_ports
from vigil.aws.environment import load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return serve_override(event, override_ports(load_parameters()))
