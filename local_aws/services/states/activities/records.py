"""Activities: work that a program outside fetches for itself, and the tasks that wait for it.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict, cast

from local_aws.services.states.records import Records

if TYPE_CHECKING:
    from local_aws.store import Store

ACTIVITY = "states:activity"
ACTIVITY_TASK = "states:activity_task"
#: For every server of this process: who waits looks into his own store.
_SCHEDULED = threading.Condition()


class Activity(TypedDict):
    arn: str
    name: str
    created: datetime
    tags: list[dict[str, str]]


class ActivityTask(TypedDict):
    """A task that nobody has fetched yet. Its time begins when somebody does."""

    token: str
    input: str
    timeout: int | None
    heartbeat: int | None


class ActivityRecords:
    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, arn: str) -> Activity | None:
        return cast("Activity | None", self._store.get(ACTIVITY, arn))

    def all(self) -> list[Activity]:
        return [cast(Activity, document) for _, document in self._store.list(ACTIVITY)]

    def save(self, activity: Activity) -> None:
        self._store.put(ACTIVITY, activity["arn"], activity)

    def delete(self, arn: str) -> None:
        self._store.delete(ACTIVITY, arn)

    def add_task(self, arn: str, task: ActivityTask) -> None:
        self._store.put(ACTIVITY_TASK, f"{arn}#{task['token']}", task)

    def take_task(self, arn: str, worker: str | None) -> ActivityTask | None:
        """Hand out the task that waits longest; its token notes the worker, and its time runs from now on."""
        records = Records(self._store)
        with self._store.transaction():
            for key, document in self._store.list(ACTIVITY_TASK, f"{arn}#"):
                task = cast(ActivityTask, document)
                self._store.delete(ACTIVITY_TASK, key)
                token = records.token(task["token"])
                if token is None or token["spent"]:
                    # Its execution has ended.
                    continue
                now = time.time()
                deadline = None if task["timeout"] is None else now + task["timeout"]
                token.update({"deadline": deadline, "heartbeat": task["heartbeat"], "beat": now, "worker": worker})
                records.save_token(task["token"], token)
                return task
        return None


def wake() -> None:
    """Those who wait for a task look again."""
    with _SCHEDULED:
        _SCHEDULED.notify_all()


def await_task(
    take: Callable[[], ActivityTask | None], seconds: float, over: Callable[[], bool]
) -> ActivityTask | None:
    """The next task; None after ``seconds``, or once ``over`` holds."""
    end = time.monotonic() + seconds
    with _SCHEDULED:
        while True:
            task = take()
            left = end - time.monotonic()
            if task is not None or left <= 0 or over():
                return task
            _SCHEDULED.wait(left)
