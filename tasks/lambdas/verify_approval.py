"""First state of update-endpoint: verifies everything anew, whoever started it, or raises ``SignatureInvalidError``."""

from __future__ import annotations

from typing import Any

from vigil.aws.approval_ports import verification_ports
from vigil.aws.endpoint_release import VerifyEvent, verify_approval
from vigil.aws.environment import load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    release = verify_approval(VerifyEvent.model_validate(event), parameters, verification_ports(parameters))
    return release.model_dump(mode="json")
