"""Answers executions whose endpoint's deployment has ended: on the endpoint's events, and each minute."""

from __future__ import annotations

from typing import Any

from vigil.aws.deployment_waits import answer_waits
from vigil.aws.environment import load_parameters
from vigil.aws.rollout_ports import wait_ports
from vigil.aws.watchdog import DEPLOYMENTS_SWEPT, SCHEDULED, count


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The event only says that it is time to look: nothing in it is believed."""
    parameters = load_parameters()
    answered = answer_waits(parameters.sagemaker.endpoint, wait_ports(parameters))
    if event.get("detail-type") == SCHEDULED:
        count({DEPLOYMENTS_SWEPT: 1})
    return {"waits": answered}
