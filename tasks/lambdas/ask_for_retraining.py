"""Asks Airflow for the run of `build_dataset` that a drift decision wants, or tells what has become of it."""

from __future__ import annotations

from typing import Any

from vigil.aws.drift_ports import ask_ports
from vigil.aws.environment import load_parameters
from vigil.aws.retraining_request import AskEvent, ask_for_retraining


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return ask_for_retraining(AskEvent.model_validate(event), ask_ports(load_parameters())).model_dump(mode="json")
