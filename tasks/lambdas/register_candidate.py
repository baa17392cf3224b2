"""Registers a candidate that passed the gate: its artefact under its digest, its model package pending approval."""

from __future__ import annotations

from typing import Any

from vigil.aws.approval_ports import evidence_store
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.registration import RegisterEvent, register_candidate
from vigil.aws.run_records import RunRecords


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    facts = register_candidate(
        RegisterEvent.model_validate(event),
        parameters,
        evidence_store(parameters),
        RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        aws_client("sagemaker"),
        aws_client("s3"),
    )
    return facts.model_dump(mode="json")
