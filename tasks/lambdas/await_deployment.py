"""Keeps the task token of an execution that waits for the endpoint, and looks whether it must wait at all."""

from __future__ import annotations

from typing import Any

from vigil.aws.deployment_waits import AwaitEvent, await_deployment
from vigil.aws.environment import load_parameters
from vigil.aws.rollout_ports import wait_ports


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    asked = AwaitEvent.model_validate(event)
    return {"wait": await_deployment(asked, wait_ports(load_parameters()))}
