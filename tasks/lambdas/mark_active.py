"""Records which model serves: the new package ACTIVE, the old one RETIRED, in one transaction."""

from __future__ import annotations

from typing import Any

from vigil.aws.approval_ports import server_time
from vigil.aws.endpoint_release import MarkActiveEvent, ServingRecords, mark_active
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.model_packages import ModelPackages


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    marked = MarkActiveEvent.model_validate(event)
    records = ServingRecords(aws_client("dynamodb"), load_parameters().tables.models)
    mark_active(marked, records, ModelPackages(aws_client("sagemaker")), server_time)
    return {"active": marked.release.model_package_arn}
