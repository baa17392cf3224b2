"""First state of retrain-on-drift: decides, by the plan, what a window with violations leads to, and records it."""

from __future__ import annotations

from typing import Any

from vigil.aws.drift_assessment import AssessEvent, assess
from vigil.aws.drift_ports import assessment_ports
from vigil.aws.environment import load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    found = assess(AssessEvent.model_validate(event), assessment_ports(load_parameters()))
    return found.model_dump(mode="json")
