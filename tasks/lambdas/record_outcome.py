"""Last task of both state machines: records how the run ended and answers with the reason in words."""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import load_parameters
from vigil.aws.outcome_ports import outcome_ports
from vigil.aws.outcomes import OutcomeEvent, record_outcome


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    result = record_outcome(OutcomeEvent.model_validate(event), outcome_ports(load_parameters()))
    return result.model_dump(mode="json")
