"""Asks the endpoint to score a few invented cases and checks which model answers."""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import aws_client
from vigil.aws.smoke_test import SmokeTestEvent, smoke_test


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"scored": smoke_test(SmokeTestEvent.model_validate(event), aws_client("sagemaker-runtime"))}
