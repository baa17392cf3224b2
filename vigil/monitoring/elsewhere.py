"""The search for cases of other times whose labels nobody in the window claimed: it ends early, and says so.

One label for a case that nobody captured would otherwise make every job read all that was ever captured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from vigil.monitoring.captured import CaptureCounts, SourceFile, read_captured
from vigil.monitoring.labels import Labels
from vigil.monitoring.models import Window

#: How long ago a case may have been scored whose label arrives now; a label for an older one counts as unknown.
LOOK_BACK = timedelta(days=92)
STEP = timedelta(days=7)
Hours = Callable[[datetime, datetime], Iterable[SourceFile]]


@dataclass(frozen=True)
class Limits:
    """Of one search: captured objects, and seconds, out of the hour that a job has."""

    objects: int = 2_000
    seconds: float = 600


def other_hours(hours: Hours, window: Window, now: datetime) -> Iterator[SourceFile]:
    """What was captured after the window and then, going back by weeks, before it: most labels are for late cases.

    ``hours`` gives the captured objects of a time; it is asked for the next week only when one is wanted of it.
    """
    if window.end < now:
        yield from hours(window.end, now)
    end, oldest = window.start, window.start - LOOK_BACK
    while end > oldest:
        start = max(end - STEP, oldest)
        yield from hours(start, end)
        end = start


LIMITS = Limits()


def look_through(
    files: Iterable[SourceFile], labels: Labels, limits: Limits, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Mark labels whose cases are in ``files``. False where a limit ended that, so that what is left is not unknown."""
    if not (left := labels.unclaimed()):
        return True
    latest = clock() + limits.seconds
    for looked, file in enumerate(files):
        if looked == limits.objects or clock() >= latest:
            return False
        for answered in read_captured([file], CaptureCounts()):
            left -= labels.seen_elsewhere(answered.inference_id, (report.case_id for report in answered.cases))
        if not left:
            return True
    return True
