"""Makes the monitoring schedules be as the endpoint is: after its events, each minute, and for whoever asks."""

from __future__ import annotations

from typing import Any

from vigil.aws.endpoint_watch_ports import watch_stack
from vigil.aws.environment import load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return watch_stack(load_parameters()).model_dump(mode="json")
