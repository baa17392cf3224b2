"""Activities beside their histories: the operations on them, and who gets which task.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from state_machines import StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services import states
from local_aws.services.states.activities import operations as activities
from local_aws.services.states.machines import tag_operations as tags_of

ARN = "arn:aws:states:us-east-1:123456789012:activity:work"
WORK = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": ARN, "End": True}}}


def test_creating_again_answers_as_the_first_time(world: StatesWorld) -> None:
    # Recorded on AWS.
    first = activities.create_activity(world.aws, {"name": "work"})
    assert activities.create_activity(world.aws, {"name": "work"}) == first
    described = activities.describe_activity(world.aws, {"activityArn": ARN})
    assert described == {"activityArn": ARN, "name": "work", "creationDate": first["creationDate"]}


def test_activities_are_listed_by_pages(world: StatesWorld) -> None:
    for number in range(3):
        world.create_activity(f"work-{number}")
    first = activities.list_activities(world.aws, {"maxResults": 2})
    rest = activities.list_activities(world.aws, {"maxResults": 2, "nextToken": first["nextToken"]})
    names = [item["name"] for item in first["activities"] + rest["activities"]]
    assert (names, "nextToken" in rest) == (["work-0", "work-1", "work-2"], False)


def test_a_deleted_activity_is_unknown(world: StatesWorld) -> None:
    world.create_activity("work")
    for _ in range(2):
        activities.delete_activity(world.aws, {"activityArn": ARN})
    for ask in (activities.describe_activity, activities.get_activity_task):
        with pytest.raises(ApiError, match=f"ActivityDoesNotExist: Activity Does Not Exist: '{ARN}'"):
            ask(world.aws, {"activityArn": ARN})


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"name": "a b"}, "InvalidName"),
        (
            {"name": "a", "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}},
            "InvalidEncryptionConfiguration",
        ),
    ],
)
def test_activities_that_are_refused(request_: Any, code: str, world: StatesWorld) -> None:
    with pytest.raises(ApiError, match=code):
        activities.create_activity(world.aws, request_)


def test_an_arn_of_something_else_is_refused(world: StatesWorld) -> None:
    with pytest.raises(ApiError, match="InvalidArn"):
        activities.describe_activity(world.aws, {"activityArn": ARN.replace("activity", "stateMachine")})


def test_activities_have_tags(world: StatesWorld) -> None:
    activities.create_activity(world.aws, {"name": "work", "tags": [{"key": "a", "value": "1"}]})
    tags_of.tag_resource(world.aws, {"resourceArn": ARN, "tags": [{"key": "b", "value": "2"}]})
    tags_of.untag_resource(world.aws, {"resourceArn": ARN, "tagKeys": ["a"]})
    assert tags_of.list_tags_for_resource(world.aws, {"resourceArn": ARN})["tags"] == [{"key": "b", "value": "2"}]


def test_without_a_task_the_answer_is_empty(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "POLL_SECONDS", 0.05)
    world.create_activity("work")
    assert world.take(ARN) == {}


def test_a_worker_waits_for_a_task(world: StatesWorld) -> None:
    world.create_activity("work")
    taken: list[dict[str, Any]] = []
    worker = threading.Thread(target=lambda: taken.append(world.take(ARN)))
    worker.start()
    execution = world.start(world.create(WORK), {"n": 1})
    worker.join(60)
    assert taken[0]["input"] == '{"n":1}'
    world.succeed(taken[0]["taskToken"], "done")
    assert world.ended(execution)["output"] == '"done"'


def test_each_task_goes_to_one_worker_and_the_oldest_first(world: StatesWorld) -> None:
    world.create_activity("work")
    machine = world.create(WORK)
    for number in range(4):
        execution = world.start(machine, number, f"run-{number}")
        world.await_event(execution, "ActivityScheduled")
    assert [world.take(ARN)["input"] for _ in range(2)] == ["0", "1"]
    taken: list[str] = []
    workers = [threading.Thread(target=lambda: taken.append(world.take(ARN)["input"])) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(taken) == ["2", "3"]


def test_a_task_of_a_stopped_execution_is_not_handed_out(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "POLL_SECONDS", 0.05)
    world.create_activity("work")
    execution = world.start(world.create(WORK))
    world.await_event(execution, "ActivityScheduled")
    world.stop(execution)
    assert world.take(ARN) == {}


def test_a_late_answer_is_refused(world: StatesWorld) -> None:
    world.create_activity("work")
    execution = world.start(world.create(WORK))
    token = world.take(ARN)["taskToken"]
    world.stop(execution)
    with pytest.raises(ApiError, match="TaskTimedOut"):
        world.succeed(token, 1)


def test_a_server_that_stops_does_not_wait_for_workers(world: StatesWorld) -> None:
    world.create_activity("work")
    taken: list[dict[str, Any]] = []
    worker = threading.Thread(target=lambda: taken.append(world.take(ARN)))
    worker.start()
    eventually(lambda: any(thread is worker for thread in threading.enumerate()))
    states.shutdown(world.aws)
    worker.join(60)
    assert taken == [{}]
