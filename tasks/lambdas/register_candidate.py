"""Registers a candidate that passed the gate: its artefact under its digest, its model package pending approval."""

from __future__ import annotations

from typing import Any

from vigil.aws.approval_ports import evidence_store
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.registration import RegisterEvent, register_candidate
from vigil.aws.run_ledger import record_candidate
from vigil.aws.run_records import RunRecords


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters, registered = load_parameters(), RegisterEvent.model_validate(event)
    facts = register_candidate(
        registered,
        parameters,
        evidence_store(parameters),
        RunRecords(aws_client("dynamodb"), parameters.tables.runs),
        aws_client("sagemaker"),
        aws_client("s3"),
    )
    record_candidate(registered.run, facts, acting_function(), required_ledger(parameters))
    return facts.model_dump(mode="json")
