"""What the events of a state carry: its data, the approval request that it asked for, the execution it started."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vigil.approvals.identity import request_id_for
from vigil.executions.models import StateData
from vigil.executions.visits import Event, details

DATA_CHARACTERS = 12_000  # of each text: what a person reads; the archived history holds the whole
CUT = " … cut; the archived history holds the whole"


def state_data(events: Sequence[Event]) -> StateData | None:
    """From the newest event of each kind; None where nothing is there (a history read without data)."""
    data = StateData(
        input=_newest(events, "StateEntered", "input"),
        arguments=_newest(events, "Scheduled", "parameters") or _newest(events, "Scheduled", "input"),
        result=_newest(events, "Succeeded", "output"),
        output=_newest(events, "StateExited", "output"),
        assigned=_newest(events, "StateExited", "assignedVariables"),
    )
    return data if any(value is not None for value in data.model_dump().values()) else None


def request_id_in(events: Sequence[Event]) -> str | None:
    """The id of the approval request that the newest message of a wait opens; None where it asked for none."""
    parameters = _document(_newest(events, "TaskScheduled", "parameters", None))
    body = _document(parameters.get("MessageBody"))
    try:
        return request_id_for(
            str(body["execution_arn"]),
            str(body["state_name"]),
            datetime.fromisoformat(str(body["entered_at"])),
            int(body["attempt"]),
        )
    except (KeyError, ValueError, TypeError):
        return None


def nested_execution(events: Sequence[Event]) -> str | None:
    """The ARN of the execution that a state started and waits for."""
    for event in reversed(events):
        told = details(event)
        if event["type"] == "TaskSubmitted" and told.get("resourceType") == "states":
            arn = _document(told.get("output")).get("ExecutionArn")
            return str(arn) if arn else None
    return None


def _newest(events: Sequence[Event], ending: str, field: str, limit: int | None = DATA_CHARACTERS) -> str | None:
    for event in reversed(events):
        if str(event["type"]).endswith(ending) and (value := details(event).get(field)):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            return text if limit is None else cut(text, limit)
    return None


def cut(text: str, limit: int = DATA_CHARACTERS) -> str:
    return text if len(text) <= limit else text[:limit] + CUT


def _document(value: Any) -> Mapping[str, Any]:
    """A JSON object, or the text of one; empty where it is neither."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}
