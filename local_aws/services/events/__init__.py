"""EventBridge: moto keeps buses, rules, targets and archives; matching, delivering and replaying happens here."""

from __future__ import annotations

import weakref
from typing import Any

from moto.core.utils import unix_time
from moto.events.models import Archive, Replay, ReplayState

from local_aws.api import Context
from local_aws.services.events import archives, operations
from local_aws.services.events.drain import Drain
from local_aws.services.events.rule_schedules import RuleSchedules
from local_aws.store import Store

__all__ = ["operations"]

_running: weakref.WeakKeyDictionary[Store, tuple[Drain, RuleSchedules]] = weakref.WeakKeyDictionary()
_describe_short = Archive.describe_short


def resume(context: Context) -> None:
    """Publish what waits in the outbox, and fire rules from now on."""
    _install(context)
    drain, schedules = Drain(context), RuleSchedules(context)
    _running[context.store] = drain, schedules
    drain.start()
    schedules.start()


def shutdown(context: Context) -> None:
    for thread in _running.pop(context.store, ()):
        thread.close()


def _install(context: Context) -> None:
    """Archived events are in the store, and a replay puts them on the bus."""

    def describe_short(archive: Archive) -> dict[str, Any]:
        kept = context.store.read(archives.stream_of(archive))
        size = sum(len(str(event)) for _, event in kept)
        return {**_describe_short(archive), "EventCount": len(kept), "SizeBytes": size}

    def replay_events(replay: Replay, archive: Archive) -> None:
        bus = replay.destination["Arn"].rpartition("/")[2]
        start, end = float(replay.event_start_time), float(replay.event_end_time)
        archives.replay(context, archive, start, end, replay.name, bus)
        replay.state = ReplayState.COMPLETED
        replay.end_time = unix_time()

    Archive.describe_short = describe_short  # type: ignore[method-assign, assignment]
    Replay.replay_events = replay_events  # type: ignore[method-assign, assignment]
