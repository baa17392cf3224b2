"""Records which model serves: the new package ACTIVE, the old one RETIRED, in one transaction."""

from __future__ import annotations

from typing import Any

from vigil.aws.clock import server_time
from vigil.aws.endpoint_release import ServingRecords, mark_active
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.model_packages import ModelPackages
from vigil.aws.release_models import MarkActiveEvent


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    marked, parameters = MarkActiveEvent.model_validate(event), load_parameters()
    records = ServingRecords(aws_client("dynamodb"), parameters.tables.models)
    packages, ledger = ModelPackages(aws_client("sagemaker")), required_ledger(parameters)
    mark_active(marked, records, packages, server_time, acting_function(), ledger)
    return {"active": marked.release.model_package_arn}
