"""Archives the history of an execution that has ended, and each hour what was missed."""

from __future__ import annotations

import time
from typing import Any

from vigil.aws.archive_ports import archive_ports
from vigil.aws.environment import load_parameters
from vigil.aws.history_archive import STATUS_CHANGE, archive_ended
from vigil.aws.history_sweep import NOT_ARCHIVED, archive_missed
from vigil.aws.watchdog import HISTORIES_SWEPT, count

SECONDS = 240  # of the 300 that the function has


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    ports = archive_ports(load_parameters())
    if event.get("detail-type") == STATUS_CHANGE:
        return archive_ended(event, ports).model_dump(mode="json")
    end = time.monotonic() + SECONDS
    done = archive_missed(ports, lambda: time.monotonic() > end)
    count({NOT_ARCHIVED: done["failed"], HISTORIES_SWEPT: 1})
    return done
