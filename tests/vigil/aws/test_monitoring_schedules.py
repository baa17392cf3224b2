"""What both homes of schedules share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from vigil.aws.monitoring_schedules import made_or_met


def test_a_schedule_that_another_look_is_making_at_this_moment_is_no_fault() -> None:
    def refused(code: str) -> Callable[[], object]:
        def create() -> object:
            raise ClientError({"Error": {"Code": code, "Message": "m"}}, "CreateSchedule")

        return create

    assert made_or_met(lambda: None) == "made"
    assert made_or_met(refused("ConflictException")) == made_or_met(refused("ResourceInUse")) == "kept"
    with pytest.raises(ClientError):
        made_or_met(refused("ValidationException"))
