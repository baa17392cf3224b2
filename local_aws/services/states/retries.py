"""Which Retry or Catch entry takes an error.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.services.states.errors import (
    ALL,
    HEARTBEAT_TIMEOUT,
    REFERENCE_PATH_CONFLICT,
    RESULT_PATH_MATCH_FAILURE,
    RUNTIME,
    TASK_FAILED,
    TIMEOUT,
)
from local_aws.services.states.models import Failure, State

INTERVAL_SECONDS = 1
MAX_ATTEMPTS = 3
BACKOFF_RATE = 2.0


@dataclass(frozen=True)
class Retry:
    """Try again after ``delay`` seconds; ``index`` is the retrier's place, which counts its own attempts."""

    index: int
    delay: float


@dataclass(frozen=True)
class Caught:
    catcher: Mapping[str, Any]
    location: str


def matches(names: list[str], failure: Failure) -> bool:
    """Whether ErrorEquals holds for an error. No wildcard takes a terminal one."""
    error = failure["error"]
    if error in names:
        return error != RUNTIME
    if HEARTBEAT_TIMEOUT in names and failure["heartbeat"]:
        return True
    if RESULT_PATH_MATCH_FAILURE in names and error == REFERENCE_PATH_CONFLICT:
        return True
    if failure["terminal"]:
        return False
    return ALL in names or (TASK_FAILED in names and error != TIMEOUT)


def next_retry(
    state: State, failure: Failure, counts: Mapping[str, int], chance: random.Random | None = None
) -> Retry | None:
    """The first retrier that matches decides; None once it has used up its attempts, or when none matches."""
    for index, retrier in enumerate(state.get("Retry", [])):
        if not matches(retrier["ErrorEquals"], failure):
            continue
        used = counts.get(str(index), 0)
        if used >= retrier.get("MaxAttempts", MAX_ATTEMPTS):
            return None
        delay = retrier.get("IntervalSeconds", INTERVAL_SECONDS) * retrier.get("BackoffRate", BACKOFF_RATE) ** used
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        if retrier.get("JitterStrategy") == "FULL":
            delay = (chance or random.Random()).uniform(0, delay)  # noqa: S311 - spreads retries, guards nothing
        return Retry(index, delay)
    return None


def catcher(state: State, failure: Failure) -> Caught | None:
    for index, entry in enumerate(state.get("Catch", [])):
        if matches(entry["ErrorEquals"], failure):
            return Caught(entry, f"Catch[{index}]")
    return None
