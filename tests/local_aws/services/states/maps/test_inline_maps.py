"""Inline Maps while they run: how many iterations at once, and whose failure ends them.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from __future__ import annotations

from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually

ASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"},
    "End": True,
}
SENT = {"sqs.send_message": [{"MessageId": "m"}]}


def mapping(items: Any, **fields: Any) -> dict[str, Any]:
    processor = {"StartAt": "Ask", "States": {"Ask": ASK}}
    return {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "Items": items, "ItemProcessor": processor, "End": True, **fields}},
    }


@pytest.mark.parametrize(("limit", "expected"), [(None, 40), (0, 40), (100, 40), (3, 3)])
def test_at_most_forty_iterations_run_at_once(
    limit: int | None, expected: int, world: StatesWorld, services: FakeServices
) -> None:
    services.replies = SENT
    fields = {} if limit is None else {"MaxConcurrency": limit}
    execution = world.start(world.create(mapping("{% [1..45] %}", **fields)))
    world.await_event(execution, "TaskSubmitted", expected)
    kinds = [event["type"] for event in world.events(execution)]
    assert kinds.count("MapIterationStarted") == expected
    world.stop(execution)


def test_the_failure_that_comes_first_ends_the_map(world: StatesWorld, services: FakeServices) -> None:
    services.replies = SENT
    execution = world.start(world.create(mapping([0, 1, 2])))
    world.await_event(execution, "TaskSubmitted", 3)
    frames = {f"{execution}#0/1.{index}": index for index in range(3)}
    tokens = {
        frames[f"{document['execution']}#{document['frame']}"]: token
        for token, document in world.aws.store.list("states:token")
    }
    world.fail(tokens[2], error="Last")
    assert world.ended(execution)["error"] == "Last"
    events = world.events(execution)
    failed = [
        event["mapIterationFailedEventDetails"]["index"]
        for event in events
        if "Failed" in event["type"] and "mapIterationFailedEventDetails" in event
    ]
    aborted = {
        event["mapIterationAbortedEventDetails"]["index"] for event in events if event["type"] == "MapIterationAborted"
    }
    assert (failed, aborted) == ([2], {0, 1})


def test_maps_inside_a_map_run_side_by_side(world: StatesWorld, services: FakeServices) -> None:
    services.replies = SENT
    inner = mapping("{% $states.input %}")["States"]["Each"]
    outer = mapping([[1, 2], [3]])
    outer["States"]["Each"]["ItemProcessor"] = {"StartAt": "Inner", "States": {"Inner": inner}}
    execution = world.start(world.create(outer))
    for token in world.await_tokens(3):
        world.succeed(token, "done")
    assert world.ended(execution)["output"] == '[["done","done"],["done"]]'
    eventually(lambda: world.open_tokens() == [])
