"""EventBridge rules with ``rate(...)`` expressions: moto keeps them, this module fires them.

The time of the last firing is in the store, so a restart neither repeats nor forgets one. ``cron(...)`` rules do
not fire here.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
import weakref
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.processes import Supervisor
from local_aws.services.event_targets import Delivery, install

logger = logging.getLogger(__name__)

KIND = "schedule"
RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
#: The smallest rate is a minute.
LOOK_SECONDS = 2.0

_running: weakref.WeakKeyDictionary[Supervisor, Schedules] = weakref.WeakKeyDictionary()


def period_of(expression: str) -> int | None:
    """The period of a rate expression in seconds; None for any other expression."""
    match = RATE.fullmatch(expression)
    return None if match is None else int(match[1]) * SECONDS[match[2]]


class Schedules:
    """Looks every few seconds for rules whose time has come."""

    def __init__(self, aws: Context, delivery: Delivery) -> None:
        self._aws = aws
        self._delivery = delivery
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._delivery.close()

    def fire_due(self, now: float) -> list[str]:
        """Deliver for each rule whose period has passed at ``now`` (seconds since 1970); returns their ARNs."""
        fired = []
        events = self._aws.client("events")
        for page in _pages(events):
            for rule in page:
                if self._is_due(rule, now):
                    for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                        self._delivery.add(target, _scheduled_event(self._aws, rule["Arn"], now))
                    fired.append(str(rule["Arn"]))
        return fired

    def _is_due(self, rule: dict[str, Any], now: float) -> bool:
        period = period_of(rule.get("ScheduleExpression", ""))
        if period is None or rule["State"] != "ENABLED":
            return False
        kept = self._aws.store.get(KIND, rule["Arn"])
        # A rule fires for the first time one period after it was made, or after its rate was changed.
        if kept is None or kept["period"] != period:
            self._aws.store.put(KIND, rule["Arn"], {"last": now, "period": period})
            return False
        if now - kept["last"] < period:
            return False
        self._aws.store.put(KIND, rule["Arn"], {"last": now, "period": period})
        return True

    def _run(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            try:
                self.fire_due(time.time())
            except (ClientError, BotoCoreError) as error:
                if not self._closed.is_set():
                    logger.warning("schedules could not be looked at: %s", error)


def _pages(events: Any) -> Any:
    token: dict[str, str] = {}
    while True:
        answer = events.list_rules(**token)
        yield answer["Rules"]
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _scheduled_event(aws: Context, arn: str, now: float) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html"""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": aws.account,
        "time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": aws.region,
        "resources": [arn],
        "detail": {},
    }


def resume(context: Context) -> None:
    """Fire rules from now on, and deliver the events that match a rule."""
    delivery = Delivery(context)
    install(delivery)
    schedules = Schedules(context, delivery)
    _running[context.supervisor] = schedules
    schedules.start()


def shutdown(context: Context) -> None:
    schedules = _running.pop(context.supervisor, None)
    if schedules is not None:
        schedules.close()
