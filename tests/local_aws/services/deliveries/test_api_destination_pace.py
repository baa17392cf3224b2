"""Invocations of an API destination keep their distance.

Source: InvocationRateLimitPerSecond in
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html
"""

from __future__ import annotations

import pytest

from local_aws.services.deliveries import api_destinations
from local_aws.services.deliveries.api_destinations import Pace
from local_aws.services.deliveries.failures import PostponedError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def time(self) -> float:
        return self.now


def test_each_order_has_its_own_moment_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = Clock(), Pace()
    monkeypatch.setattr(api_destinations, "time", clock)
    pace.keep("arn", "first", 2)
    for key, due in (("second", 100.5), ("third", 101.0)):
        with pytest.raises(PostponedError) as postponed:
            pace.keep("arn", key, 2)
        assert postponed.value.due == due
    pace.keep("other", "first", 2)
    clock.now = 100.5
    pace.keep("arn", "second", 2)
    with pytest.raises(PostponedError):
        pace.keep("arn", "third", 2)
    clock.now = 101.0
    pace.keep("arn", "third", 2)
