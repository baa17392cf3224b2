"""First state of update-endpoint: verifies everything anew, whoever started it, or raises ``SignatureInvalidError``."""

from __future__ import annotations

from typing import Any

from vigil.aws.approval_ports import executions, verification_ports
from vigil.aws.endpoint_release import ServingRecords, VerifyEvent, verify_approval
from vigil.aws.environment import aws_client, load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    asked, models = VerifyEvent.model_validate(event), ServingRecords(aws_client("dynamodb"), parameters.tables.models)
    release = verify_approval(asked, parameters, verification_ports(parameters), models, executions())
    return release.model_dump(mode="json", exclude_none=True)  # the machine asks whether there is a champion
