"""First state of train-and-promote: fixes request, data, plan, code and image of a run by their digests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigil.aws.approval_ports import evidence_store
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.pinning import PinEvent, pin_run
from vigil.aws.plan_ledger import record_start
from vigil.aws.run_records import RunRecords
from vigil.change_control.plan import load_plan

PLAN = Path(__file__).parents[2] / "change_control" / "plan.yaml"  # the function's package carries it


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    evidence = evidence_store(parameters)
    pinned = pin_run(
        PinEvent.model_validate(event),
        load_plan(PLAN),
        parameters,
        evidence,
        RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        aws_client("s3"),
    )
    plan = evidence.plan(pinned.plan_digest)  # the pinned one: a retry may run in a newer package
    record_start(pinned, plan, required_ledger(parameters))
    return pinned.model_dump(mode="json")
