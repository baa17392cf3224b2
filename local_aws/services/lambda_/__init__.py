"""Lambda: functions that run as real processes, invoked directly, by queues and by table streams."""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services.lambda_ import (
    aliases,
    async_settings,
    concurrency,
    event_queue,
    event_sources,
    functions,
    invoke,
    pollers,
    versions,
)
from local_aws.services.lambda_.pool import pool_of

__all__ = ["aliases", "async_settings", "concurrency", "event_sources", "functions", "invoke", "versions"]


def resume(context: Context) -> None:
    """Deliver the events that were waiting, and poll the event sources again."""
    event_queue.queue_of(context)
    pollers.pollers_of(context).start_all()


def shutdown(context: Context) -> None:
    pollers.pollers_of(context).close()
    event_queue.queue_of(context).close()
    pool_of(context).close()
