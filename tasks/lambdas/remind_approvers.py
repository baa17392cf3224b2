"""Each minute: tells people of requests that wait for them, and calls in deputies, when the pinned plan says so."""

from __future__ import annotations

from typing import Any

from vigil.approvals.remind import remind_all
from vigil.aws.environment import load_parameters
from vigil.aws.minute_sweep import has_failed
from vigil.aws.reminder_ports import reminder_ports
from vigil.aws.watchdog import REMINDERS_SWEPT, count


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    done = remind_all(reminder_ports(load_parameters()))
    count({REMINDERS_SWEPT: int(not has_failed(done))})
    return {"done": done}
