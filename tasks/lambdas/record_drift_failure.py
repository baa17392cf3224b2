"""Last task of retrain-on-drift where it fails: records it, tells somebody, and answers with the reason in words."""

from __future__ import annotations

from typing import Any

from vigil.aws.drift_failures import FailureEvent, record_failure
from vigil.aws.drift_ports import failure_ports
from vigil.aws.environment import load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return record_failure(FailureEvent.model_validate(event), failure_ports(load_parameters())).model_dump(mode="json")
