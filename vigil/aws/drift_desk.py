"""What people ask of the function for drift decisions, and how it answers: a refusal is an answer as well.

The command knows decisions by this function only: who may override needs to read no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from vigil.approvals.errors import ApprovalError
from vigil.approvals.models import LONGEST_ID
from vigil.aws.desk_client import asking_once
from vigil.aws.drift_override import OverridePorts, known_decision, override
from vigil.aws.monitoring_table import MonitoringTable
from vigil.aws.people_desk import refused
from vigil.monitoring.override import OverrideOrder

#: The function's own limit (infra/template.yaml) and time for its start: who gives up earlier learns nothing.
READ_TIMEOUT_SECONDS = 315
#: An answer has 6 MB (Lambda quotas). A list has the newest, and of each the first violations.
MOST_LISTED, VIOLATIONS_LISTED = 200, 3


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ListDecisions(_Asked):
    ask: Literal["list"]


class ShowDecision(_Asked):
    ask: Literal["show"]
    decision_id: str = Field(min_length=1, max_length=LONGEST_ID)


class Override(OverrideOrder):
    ask: Literal["override"]


ASKED: TypeAdapter[ListDecisions | ShowDecision | Override] = TypeAdapter(
    Annotated[ListDecisions | ShowDecision | Override, Field(discriminator="ask")]
)


def serve(event: Mapping[str, Any], ports: OverridePorts, table: MonitoringTable) -> dict[str, Any]:
    """``{"ok": decision or decisions}`` or ``{"refused": ...}``, as the functions for people answer."""
    try:
        match ASKED.validate_python(event):
            case ListDecisions():
                return {"ok": _listed(ports.endpoint, table)}
            case ShowDecision() as order:
                return {"ok": known_decision(order.decision_id, ports).model_dump(mode="json")}
            case Override() as order:
                return {"ok": override(order, ports).model_dump(mode="json")}
    except (ApprovalError, ValidationError) as error:
        return refused(error)


def desk_client() -> Any:
    return asking_once(READ_TIMEOUT_SECONDS)


def _listed(endpoint: str, table: MonitoringTable) -> list[dict[str, Any]]:
    found = table.decisions(endpoint)[:MOST_LISTED]
    short = [
        decision.report.model_copy(update={"violations": decision.report.violations[:VIOLATIONS_LISTED]})
        for decision in found
    ]
    return [
        decision.model_copy(update={"report": report}).model_dump(mode="json")
        for decision, report in zip(found, short, strict=True)
    ]
