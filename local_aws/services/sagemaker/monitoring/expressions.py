"""When a monitoring schedule runs, and which time it looks at.

Expressions that SageMaker supports: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ScheduleConfig.html
and https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-schedule-expression.html (times are UTC).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from local_aws.services.sagemaker.errors import validation_error

NOW = "NOW"
HOUR = timedelta(hours=1)
CRON = re.compile(r"cron\(0 (?:(\*)|(\d{1,2})(?:/(\d{1,2}))?) \? \* \* \*\)")
DURATION = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass(frozen=True)
class Hours:
    """On these hours of each day, at the full hour."""

    hours: frozenset[int]

    def after(self, moment: datetime) -> datetime:
        """The first time later than ``moment``."""
        candidate = moment.replace(minute=0, second=0, microsecond=0) + HOUR
        while candidate.hour not in self.hours:
            candidate += HOUR
        return candidate

    def latest(self, moment: datetime) -> datetime:
        """The last time that is not later than ``moment``."""
        candidate = moment.replace(minute=0, second=0, microsecond=0)
        while candidate.hour not in self.hours:
            candidate -= HOUR
        return candidate


def parse(expression: str) -> Hours | None:
    """None for NOW. Raises a ValidationException."""
    if expression == NOW:
        return None
    match = CRON.fullmatch(expression)
    if match is None:
        raise _unsupported(expression)
    every, start, step = match.groups()
    if every:
        return Hours(frozenset(range(24)))
    first, gap = int(start), int(step or 24)
    if first > 23 or not 1 <= gap <= 24:
        raise _unsupported(expression)
    return Hours(frozenset((first + gap * number) % 24 for number in range(max(1, 24 // gap))))


def offset(duration: str) -> timedelta:
    """An ISO 8601 duration such as ``-PT1H``. Raises a ValidationException."""
    match = DURATION.fullmatch(duration)
    if match is None or not any(match.groups()[1:]):
        raise validation_error(f"'{duration}' is not an ISO 8601 duration such as -PT1H.")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match[1] else length


def _unsupported(expression: str) -> Exception:
    return validation_error(
        f"ScheduleExpression {expression} is not supported: give NOW, cron(0 * ? * * *), cron(0 HH ? * * *) or "
        "cron(0 HH/N ? * * *)."
    )
