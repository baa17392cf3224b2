"""Judges a challenger by the plan: after the paired test, and after its time in the shadow."""

from __future__ import annotations

from typing import Any

from vigil.aws.challenger import CompareEvent, compare_challenger
from vigil.aws.environment import load_parameters
from vigil.aws.rollout_ports import compare_ports


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    asked = CompareEvent.model_validate(event)
    return compare_challenger(asked, compare_ports(load_parameters())).model_dump(mode="json")
