"""Operations on connections that moto lacks or has by halves, put into moto so that its journal keeps them."""

from __future__ import annotations

import json
from typing import Any

from moto.core.utils import unix_time
from moto.events.exceptions import ResourceNotFoundException
from moto.events.models import EventsBackend
from moto.events.responses import EventsHandler

from local_aws.services.connections.records import AUTHORIZED, DEAUTHORIZED, merged


def install() -> None:
    EventsHandler.deauthorize_connection = _deauthorize  # type: ignore[attr-defined]
    EventsBackend.update_connection = _update  # type: ignore[method-assign, assignment]


def _deauthorize(handler: EventsHandler) -> tuple[str, dict[str, Any]]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeauthorizeConnection.html"""
    name = handler._get_param("Name")
    kept = handler.events_backend.connections.get(name)
    if kept is None:
        raise ResourceNotFoundException(f"Connection '{name}' does not exist.")
    kept.state = DEAUTHORIZED
    kept.last_modified_time = unix_time()  # type: ignore[attr-defined]
    answer = {**kept.describe_short(), "LastModifiedTime": kept.last_modified_time}  # type: ignore[attr-defined]
    return json.dumps(answer), handler.response_headers


def _update(backend: EventsBackend, name: str, **changes: Any) -> dict[str, Any]:
    kept = backend.connections.get(name)
    if kept is None:
        raise ResourceNotFoundException(f"Connection '{name}' does not exist.")
    kept.description = changes.get("description") or kept.description
    kept.authorization_type = changes.get("authorization_type") or kept.authorization_type
    kept.last_modified_time = unix_time()  # type: ignore[attr-defined]
    if changes.get("auth_parameters"):
        kept.auth_parameters = merged(kept.auth_parameters, changes["auth_parameters"])
        kept.state = AUTHORIZED
    return {**kept.describe_short(), "LastModifiedTime": kept.last_modified_time}  # type: ignore[attr-defined]
