"""Archives the history of an execution that has ended, and each hour what was missed."""

from __future__ import annotations

from typing import Any

from vigil.aws.archive_ports import archive_ports
from vigil.aws.environment import load_parameters
from vigil.aws.history_archive import STATUS_CHANGE, archive_ended, archive_missed


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    ports = archive_ports(load_parameters())
    if event.get("detail-type") == STATUS_CHANGE:
        return archive_ended(event, ports).model_dump(mode="json")
    return archive_missed(ports)
