"""Rules with ``rate(...)`` and ``cron(...)``: moto keeps them, this module fires them.

The next time of each is in the store, so a restart neither repeats nor forgets one. What became due while the
server was down fires once, at the next start.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from moto.events.models import Rule

from local_aws.api import Context
from local_aws.services.event_bus import DEFAULT_BUS, envelope
from local_aws.services.events.rules import fire, rules_of
from local_aws.services.rounds import Rounds
from local_aws.services.timetables import ScheduleError, parsed

logger = logging.getLogger(__name__)

KIND = "rule_schedule"
#: The smallest rate is a minute.
LOOK_SECONDS = 1.0


class RuleSchedules:
    """Looks every second for rules whose time has come."""

    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._rounds = Rounds(
            "rule-schedules", LOOK_SECONDS, lambda _: self.fire_due(time.time()), "schedules could not be looked at"
        )

    def start(self) -> None:
        self._rounds.start()

    def close(self) -> None:
        self._rounds.close()

    def fire_due(self, now: float) -> list[str]:
        """Order deliveries for each rule that is due at ``now`` (seconds since 1970); returns their ARNs."""
        fired = []
        rules = [rule for rule in rules_of(self._aws, DEFAULT_BUS) if rule.scheduled_expression]
        self._forget_others({rule.arn for rule in rules})
        for rule in rules:
            try:
                with self._aws.store.transaction():
                    if self._is_due(rule, now):
                        at = datetime.fromtimestamp(now, UTC)
                        fire(self._aws, rule, envelope(self._aws, "aws.events", "Scheduled Event", [rule.arn], {}, at))
                        fired.append(rule.arn)
            except ScheduleError as error:
                logger.warning("rule %s does not fire: %s", rule.name, error)
        return fired

    def _forget_others(self, enabled: set[str]) -> None:
        """A rule that was deleted or disabled begins anew when it comes back."""
        for arn, _ in self._aws.store.list(KIND):
            if arn not in enabled:
                self._aws.store.delete(KIND, arn)

    def _is_due(self, rule: Rule, now: float) -> bool:
        """A rule fires for the first time one period after it was made, enabled or changed."""
        expression = str(rule.scheduled_expression)
        kept = self._aws.store.get(KIND, rule.arn)
        moment = datetime.fromtimestamp(now, UTC)
        if kept is not None and kept["expression"] == expression:
            if kept["next"] is None or now < kept["next"]:
                return False
            start = datetime.fromtimestamp(kept["next"], UTC)
        else:
            kept, start = None, moment
        following = parsed(expression).after(moment, start)
        after = None if following is None else following.timestamp()
        self._aws.store.put(KIND, rule.arn, {"expression": expression, "next": after})
        return kept is not None
