"""Telling that a window was monitored: one event on the default bus, in its source's own name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from vigil.monitoring.models import EVENT_SOURCE, WINDOW_EVENT, WindowReport

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.5  # doubled after each refusal: half a minute of a throttled bus does no harm


class AnnouncementError(RuntimeError):
    """EventBridge did not take the event. The window counts as not monitored: start its job again."""


def announce(report: WindowReport, events: Any, pause: Callable[[float], None] = time.sleep) -> None:
    """Put the event, whose detail is ``report.told()``. Raises ``AnnouncementError`` after ``ATTEMPTS`` refusals.

    PutEvents answers with success although it refused an entry
    (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html), so its count is what is believed.
    Whoever listens gets an event at least once, and knows a repeated one by the report's id.
    """
    entry = {"Source": EVENT_SOURCE, "DetailType": WINDOW_EVENT, "Detail": report.told().model_dump_json()}
    code = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        answer = events.put_events(Entries=[entry])
        if not answer["FailedEntryCount"]:
            return
        code = str(answer["Entries"][0].get("ErrorCode", "without a code"))
    raise AnnouncementError(
        f"EventBridge refused the event of window {report.id} {ATTEMPTS} times ({code}): start the monitor again"
    )
