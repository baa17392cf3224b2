"""First state of train-and-promote: fixes request, data, plan, code and image of a run by their digests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigil.aws.approval_ports import evidence_store
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.pinning import PinEvent, pin_run
from vigil.aws.run_records import RunRecords
from vigil.change_control.plan import load_plan

PLAN = Path(__file__).parents[2] / "change_control" / "plan.yaml"  # the function's package carries it


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    pinned = pin_run(
        PinEvent.model_validate(event),
        load_plan(PLAN),
        parameters,
        evidence_store(parameters),
        RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        aws_client("s3"),
    )
    return pinned.model_dump(mode="json")
