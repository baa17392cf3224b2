"""EventBridge Scheduler: moto keeps schedules and groups, and here they fire."""

from __future__ import annotations

import weakref

from local_aws.api import Context
from local_aws.services.scheduler import operations
from local_aws.services.scheduler.firing import Scheduler
from local_aws.store import Store

__all__ = ["operations"]

_running: weakref.WeakKeyDictionary[Store, Scheduler] = weakref.WeakKeyDictionary()


def resume(context: Context) -> None:
    scheduler = _running[context.store] = Scheduler(context)
    scheduler.start()


def shutdown(context: Context) -> None:
    scheduler = _running.pop(context.store, None)
    if scheduler is not None:
        scheduler.close()
