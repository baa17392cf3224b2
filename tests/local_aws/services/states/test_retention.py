"""Ended executions are forgotten after their time, with what belongs to them, and nothing else is.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html (execution history retention time: 90 days)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services.states.maps.map_run_records import MAP_RUN
from local_aws.services.states.records import EXECUTION, REDRIVABLE, TOKEN, Records
from local_aws.services.states.retention import forget_ended

KEPT = timedelta(days=90)
ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.context.Task.Token %}"},
    "End": True,
}


def mapped() -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, "StartAt": "Ask", "States": {"Ask": ASK}}
    each = {"Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    return {"StartAt": "Each", "States": {"Each": each}}


@pytest.fixture(autouse=True)
def queue(services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}


def test_after_ninety_days_nothing_is_left_and_the_name_is_free(world: StatesWorld) -> None:
    machine = world.create({"StartAt": "Ask", "States": {"Ask": ASK}})
    execution = world.start(machine)
    [token] = world.await_tokens()
    world.stop(execution)
    records, now = Records(world.aws.store), datetime.now(UTC)
    assert forget_ended(records, KEPT, now + timedelta(days=89)) == 0
    with pytest.raises(ApiError, match="TaskTimedOut"):
        world.succeed(token, "late")
    assert forget_ended(records, KEPT, now + timedelta(days=91)) == 1
    with pytest.raises(ApiError, match="ExecutionDoesNotExist"):
        world.describe(execution)
    with pytest.raises(ApiError, match="InvalidToken"):
        world.succeed(token, "late")
    assert [world.aws.store.list(kind) for kind in (EXECUTION, TOKEN, REDRIVABLE)] == [[], [], []]
    assert world.aws.store.read(f"states:history:{execution}") == []
    assert world.start(machine) == execution


def test_children_of_a_map_run_stay_while_it_goes_on(world: StatesWorld) -> None:
    execution = world.start(world.create(mapped()))
    world.succeed(world.await_tokens()[0], "one")
    records, late = Records(world.aws.store), datetime.now(UTC) + timedelta(days=200)
    eventually(lambda: len(world.aws.store.keys(TOKEN)) == 2)
    assert forget_ended(records, KEPT, late) == 0
    world.succeed(world.await_tokens()[0], "two")
    assert world.ended(execution)["output"] == '["one","two"]'
    assert forget_ended(records, KEPT, late) == 3
    assert [world.aws.store.list(kind) for kind in (EXECUTION, TOKEN, MAP_RUN)] == [[], [], []]
