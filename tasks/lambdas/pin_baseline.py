"""Records what a model in service will be monitored against; without it the model does not go into service."""

from __future__ import annotations

from typing import Any

from vigil.aws.baseline_pin import PinBaselineEvent, pin_baseline
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.rollout_ports import serving_records


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    asked, parameters = PinBaselineEvent.model_validate(event), load_parameters()
    models, ledger = serving_records(parameters), required_ledger(parameters)
    return pin_baseline(asked, models, acting_function(), ledger, aws_client("s3")).model_dump(mode="json")
