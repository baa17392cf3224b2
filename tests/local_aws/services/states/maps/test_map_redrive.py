"""Redriving an execution whose map run did not succeed.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
"""

from __future__ import annotations

from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services.states.redrive import operations as redrives

BAD = {"raises": "QueueDoesNotExist", "message": "none"}
GOOD = {"MessageId": "m"}


def machine(resource: str = "sqs:sendMessage", kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    body = "{% $states.context.Task.Token %}" if "Token" in resource else "{% $string($states.input) %}"
    send = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": {"QueueUrl": "q", "MessageBody": body},
        "Output": "{% $states.input %}",
        "End": True,
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, "StartAt": "Send", "States": {"Send": send}}
    each = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True, **fields}
    return {"StartAt": "Each", "States": {"Each": each}}


def redrive(world: StatesWorld, execution: str) -> None:
    redrives.redrive_execution(world.aws, {"executionArn": execution})


def bodies(services: FakeServices) -> list[str]:
    return [call["MessageBody"] for call in services.made("sqs.send_message")]


def kinds(world: StatesWorld, execution: str) -> list[str]:
    return [event["type"] for event in world.events(execution)]


def submitted(world: StatesWorld, run: str) -> int:
    return sum(kinds(world, child["arn"]).count("TaskSubmitted") for child in world.children(run))


def test_only_what_failed_or_never_ran_runs_again(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [GOOD, BAD, GOOD]}
    execution = world.start(world.create(machine(Items=[1, 2, 3])))
    assert world.ended(execution)["status"] == "FAILED"
    [before] = world.map_runs(execution)
    assert (before["itemCounts"]["failed"], before["itemCounts"]["pending"]) == (1, 1)
    redrive(world, execution)
    assert world.ended(execution)["output"] == "[1,2,3]"
    assert bodies(services) == ["1", "2", "2", "3"]
    [after] = world.map_runs(execution)
    assert (after["mapRunArn"], after["status"], after["redriveCount"]) == (before["mapRunArn"], "SUCCEEDED", 1)
    counts = after["itemCounts"]
    assert (counts["succeeded"], counts["failed"], counts["pendingRedrive"]) == (3, 0, 0)
    assert kinds(world, execution)[-6:] == [
        "ExecutionRedriven", "MapRunRedriven", "MapRunSucceeded", "MapStateSucceeded", "MapStateExited",
        "ExecutionSucceeded",
    ]  # fmt: skip
    child = world.children(after["mapRunArn"])[1]
    assert "ExecutionRedriven" in kinds(world, child["arn"])
    assert world.describe(child["arn"])["redriveCount"] == 1


def test_children_of_a_stopped_execution_go_on(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [GOOD]}
    execution = world.start(world.create(machine("sqs:sendMessage.waitForTaskToken", Items=[1, 2], MaxConcurrency=2)))
    tokens = world.await_tokens(2)
    [run] = world.map_runs(execution)
    eventually(lambda: submitted(world, run["mapRunArn"]) == 2)
    world.succeed(tokens[0], "done")
    eventually(lambda: world.map_runs(execution)[0]["executionCounts"]["succeeded"] == 1)
    world.stop(execution)
    eventually(lambda: world.map_runs(execution)[0]["executionCounts"]["aborted"] == 1)
    redrive(world, execution)
    [token] = world.await_tokens(1)
    # Before that commit the message would be sent once more, and this test is not about that.
    eventually(lambda: submitted(world, run["mapRunArn"]) == 3)
    world.restart()
    world.succeed(token, "done")
    assert sorted(world.ended(execution)["output"]) == sorted("[1,2]")
    assert len(bodies(services)) == 3
    assert world.map_runs(execution)[0]["mapRunArn"] == run["mapRunArn"]


def test_express_children_begin_anew(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [BAD, GOOD]}
    execution = world.start(world.create(machine(kind="EXPRESS", Items=[1, 2])))
    assert world.ended(execution)["status"] == "FAILED"
    redrive(world, execution)
    assert world.ended(execution)["output"] == "[1,2]"


def test_items_that_could_not_be_read_are_read_again(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {
        "s3.get_object": [{"raises": "NoSuchKey", "http": 404}, {"Body": "[5]"}],
        "sqs.send_message": [GOOD],
    }
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Arguments": {"Bucket": "b", "Key": "k"},
    }
    execution = world.start(world.create(machine(ItemReader=reader)))
    assert world.ended(execution)["error"] == "States.ItemReaderFailed"
    redrive(world, execution)
    assert world.ended(execution)["output"] == "[5]"


def test_a_run_may_fail_and_be_redriven_more_than_once(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [BAD, BAD, GOOD]}
    execution = world.start(world.create(machine(Items=[1])))
    for _ in range(2):
        assert world.ended(execution)["status"] == "FAILED"
        redrive(world, execution)
    assert world.ended(execution)["output"] == "[1]"
    assert world.map_runs(execution)[0]["redriveCount"] == 2


def test_a_child_is_redriven_by_its_map_run_only(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [BAD]}
    execution = world.start(world.create(machine(Items=[1])))
    world.ended(execution)
    [child] = world.children(world.map_runs(execution)[0]["mapRunArn"])
    assert world.describe(child["arn"])["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    with pytest.raises(ApiError, match="ExecutionNotRedrivable"):
        redrive(world, child["arn"])
