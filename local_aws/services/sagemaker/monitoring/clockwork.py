"""The thread that starts what is due and follows what is under way; asleep while there is neither."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from local_aws.api import Context
from local_aws.services.sagemaker.monitoring import executions
from local_aws.services.sagemaker.monitoring.expressions import parse
from local_aws.services.sagemaker.monitoring.shapes import EXECUTION, SCHEDULE, Schedule
from local_aws.services.sagemaker.records import change

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
LONGEST_SLEEP_SECONDS = 60.0
CLOSE_LIMIT_SECONDS = 10.0


class Clockwork:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sagemaker-monitoring", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something may be due earlier than it was."""
        self._woken.set()

    def close(self) -> None:
        self._closing.set()
        self._woken.set()
        self._thread.join(CLOSE_LIMIT_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.clear()
            try:
                pause = self._turn()
            except Exception:
                logger.exception("monitoring schedules could not be looked after; trying again")
                pause = LONGEST_SLEEP_SECONDS
            self._woken.wait(pause)

    def _turn(self) -> float:
        """One look at everything; returns the seconds until the next."""
        moment = datetime.now(UTC)
        next_run = start_due(self._context, moment)
        if executions.advance(self._context):
            return LOOK_SECONDS
        if next_run is None:
            return LONGEST_SLEEP_SECONDS
        return min(max(0.0, (next_run - datetime.now(UTC)).total_seconds()), LONGEST_SLEEP_SECONDS)


def start_due(context: Context, moment: datetime) -> datetime | None:
    """Plan an execution for each schedule that is due; returns when the next one will be.

    What became due while the server was down runs once, for the last of its times.
    """
    coming = []
    for name, document in context.store.list(SCHEDULE):
        schedule = cast(Schedule, document)
        if "NextRun" not in schedule or schedule["MonitoringScheduleStatus"] != "Scheduled":
            continue
        hours = parse(schedule["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"])
        next_run: datetime | None = schedule["NextRun"]
        if schedule["NextRun"] <= moment:
            scheduled = schedule["NextRun"] if hours is None else hours.latest(moment)
            next_run = None if hours is None else hours.after(moment)
            with context.store.transaction():
                if _still_due(context, name, schedule):
                    executions.plan(context, schedule, scheduled)
                    change(context, SCHEDULE, name, NextRun=next_run)
        if next_run is not None:
            coming.append(next_run)
    return min(coming, default=None)


def _still_due(context: Context, name: str, seen: Schedule) -> bool:
    """Whether nobody has stopped, changed or deleted the schedule since."""
    current = context.store.get(SCHEDULE, name)
    return current is not None and all(
        current.get(member) == seen.get(member) for member in ("NextRun", "MonitoringScheduleStatus")
    )


_clockworks: dict[Path, Clockwork] = {}
_lock = threading.Lock()


def wake(context: Context) -> None:
    """Look again at once; the thread begins with the first schedule."""
    with _lock:
        if context.state_dir not in _clockworks:
            _clockworks[context.state_dir] = Clockwork(context)
        _clockworks[context.state_dir].wake()


def resume(context: Context) -> None:
    if context.store.list(SCHEDULE) or context.store.list(EXECUTION):
        wake(context)


def shutdown(context: Context) -> None:
    with _lock:
        clockwork = _clockworks.pop(context.state_dir, None)
    if clockwork is not None:
        clockwork.close()
