"""StartExecution, StopExecution, lists and histories, as their API pages describe them.

https://docs.aws.amazon.com/step-functions/latest/apireference/
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services import states
from local_aws.services.states import history
from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.executions import execution_start as starts
from local_aws.services.states.machines import machine_operations as machines
from local_aws.services.states.models import Execution
from local_aws.services.states.records import CANCELLATION, Records

PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
HOLD = {"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 600, "End": True}}}
TOKEN = "{% $states.context.Task.Token %}"
ASK = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"QueueUrl": "https://queue", "MessageBody": TOKEN},
            "End": True,
        }
    },
}
NESTED = {
    "StartAt": "Nested",
    "States": {
        "Nested": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child", "Name": "c"},
            "End": True,
        }
    },
}
CHILD = "arn:aws:states:us-east-1:123456789012:execution:child:c"


def test_a_running_execution_is_joined_by_its_name_and_input(world: StatesWorld) -> None:
    machine = world.create(HOLD)
    assert world.start(machine, {"a": 1}, "same") == world.start(machine, {"a": 1}, "same")


def test_same_name_with_other_input_is_refused(world: StatesWorld) -> None:
    machine = world.create(HOLD)
    world.start(machine, {"a": 1}, "same")
    with pytest.raises(ApiError, match="ExecutionAlreadyExists: Execution Already Exists: 'arn:aws:states"):
        world.start(machine, {"a": 2}, "same")


def test_the_name_of_an_ended_execution_stays_taken(world: StatesWorld) -> None:
    machine = world.create(PASS)
    world.ended(world.start(machine, {}, "once"))
    with pytest.raises(ApiError, match="ExecutionAlreadyExists"):
        world.start(machine, {}, "once")


@pytest.mark.parametrize("text", ["not json", "{'a': 1}", "", '{"a": NaN}'])
def test_input_that_is_no_json_is_refused(world: StatesWorld, text: str) -> None:
    machine = world.create(PASS)
    with pytest.raises(ApiError, match="InvalidExecutionInput: Invalid State Machine Execution Input: '"):
        starts.start_execution(world.aws, {"stateMachineArn": machine, "input": text})


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a*", "x" * 81, "tab\t"])
def test_names_with_forbidden_characters_are_refused(world: StatesWorld, name: str) -> None:
    machine = world.create(PASS)
    with pytest.raises(ApiError, match="InvalidName"):
        world.start(machine, {}, name)


def test_input_over_256_kib_is_refused(world: StatesWorld) -> None:
    machine = world.create(PASS)
    with pytest.raises(ApiError, match=r"ValidationException.*less than or equal to 262144"):
        world.start(machine, "x" * 262_144)


def test_unknown_machine_and_execution(world: StatesWorld) -> None:
    with pytest.raises(ApiError, match="StateMachineDoesNotExist: State Machine Does Not Exist: '"):
        world.start("arn:aws:states:us-east-1:123456789012:stateMachine:none")
    with pytest.raises(ApiError, match="ExecutionDoesNotExist: Execution Does Not Exist: '"):
        world.describe("arn:aws:states:us-east-1:123456789012:execution:none:none")
    with pytest.raises(ApiError, match="InvalidArn"):
        world.describe("none")


def test_input_is_shown_as_the_caller_wrote_it(world: StatesWorld) -> None:
    machine, text = world.create(PASS), '{ "b" : 1,\n "a": 2 }'
    arn = starts.start_execution(world.aws, {"stateMachineArn": machine, "input": text})["executionArn"]
    assert world.ended(arn)["input"] == text
    assert world.events(arn)[0]["executionStartedEventDetails"]["input"] == text


def test_stop_ends_a_wait_and_spends_its_token(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}
    execution = world.start(world.create(ASK))
    [token] = world.await_tokens()
    world.stop(execution, error="Withdrawn", cause="no longer wanted")
    described = world.describe(execution)
    assert (described["status"], described["error"], described["cause"]) == (
        "ABORTED",
        "Withdrawn",
        "no longer wanted",
    )
    with pytest.raises(ApiError, match="TaskTimedOut"):
        world.succeed(token, "late")
    assert world.aws.store.list("states:frame") == []


def test_stopping_twice_keeps_the_first_end(world: StatesWorld) -> None:
    execution = world.start(world.create(HOLD))
    world.stop(execution, error="First")
    stopped = world.describe(execution)["stopDate"]
    world.stop(execution, error="Second")
    assert world.describe(execution)["error"] == "First"
    assert world.describe(execution)["stopDate"] == stopped


def test_stop_reaches_nested_executions(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {
        "stepfunctions.start_execution": [{"executionArn": CHILD}],
        "stepfunctions.describe_execution": [{"status": "RUNNING"}],
        "stepfunctions.stop_execution": [{}],
    }
    execution = world.start(world.create(NESTED))
    world.await_event(execution, "TaskSubmitted")
    world.stop(execution)
    eventually(lambda: services.made("stepfunctions.stop_execution"))
    assert services.made("stepfunctions.stop_execution") == [{"executionArn": CHILD}]
    eventually(lambda: not world.aws.store.list(CANCELLATION))


def test_a_job_whose_stop_found_no_connection_is_stopped_after_a_restart(
    world: StatesWorld, services: FakeServices
) -> None:
    services.replies = {
        "stepfunctions.start_execution": [{"executionArn": CHILD}],
        "stepfunctions.describe_execution": [{"status": "RUNNING"}],
        "stepfunctions.stop_execution": [{"unreachable": True}],
    }
    execution = world.start(world.create(NESTED))
    world.await_event(execution, "TaskSubmitted")
    world.stop(execution)
    eventually(lambda: services.made("stepfunctions.stop_execution"))
    services.replies["stepfunctions.stop_execution"] = [{}]
    world.restart()
    eventually(lambda: not world.aws.store.list(CANCELLATION))


def test_a_job_started_for_a_stopped_execution_is_stopped(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {
        "stepfunctions.start_execution": [{"executionArn": CHILD, "seconds": 0.5}],
        "stepfunctions.stop_execution": [{}],
    }
    execution = world.start(world.create(NESTED))
    eventually(lambda: services.made("stepfunctions.start_execution"))
    world.stop(execution)
    eventually(lambda: services.made("stepfunctions.stop_execution"))
    assert world.describe(execution)["status"] == "ABORTED"


def test_a_branch_that_was_given_up_does_nothing_more(world: StatesWorld) -> None:
    bad = {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "E"}}}
    slow = {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 1, "End": True}}}
    catch = [{"ErrorEquals": ["E"], "Next": "Hold"}]
    states = {
        "Both": {"Type": "Parallel", "Branches": [slow, bad], "Catch": catch, "End": True},
        "Hold": {"Type": "Wait", "Seconds": 2, "End": True},
    }
    described = world.run({"StartAt": "Both", "States": states})
    exits = [event for event in world.events(described["executionArn"]) if event["type"] == "WaitStateExited"]
    assert [event["stateExitedEventDetails"]["name"] for event in exits] == ["Hold"]


def test_list_shows_the_newest_first_in_pages(world: StatesWorld) -> None:
    machine = world.create(PASS)
    arns = [world.start(machine, {}, f"run-{number}") for number in range(5)]
    for arn in arns:
        world.ended(arn)
    first = executions.list_executions(world.aws, {"stateMachineArn": machine, "maxResults": 3})
    second = executions.list_executions(
        world.aws, {"stateMachineArn": machine, "maxResults": 3, "nextToken": first["nextToken"]}
    )
    shown = [item["executionArn"] for item in first["executions"] + second["executions"]]
    assert shown == arns[::-1]
    assert "nextToken" not in second


def test_list_filters_by_status(world: StatesWorld) -> None:
    machine = world.create(HOLD)
    stopped, running = world.start(machine, {}, "stopped"), world.start(machine, {}, "running")
    world.stop(stopped)
    found = executions.list_executions(world.aws, {"stateMachineArn": machine, "statusFilter": "RUNNING"})
    assert [item["executionArn"] for item in found["executions"]] == [running]


def test_history_pages_backwards_and_without_data(world: StatesWorld) -> None:
    execution = world.start(world.create(PASS), {"secret": "value"})
    world.ended(execution)
    request: Any = {"executionArn": execution, "reverseOrder": True, "maxResults": 3}
    first = executions.get_execution_history(world.aws, request)
    second = executions.get_execution_history(world.aws, {**request, "nextToken": first["nextToken"]})
    assert [event["id"] for event in first["events"] + second["events"]] == [4, 3, 2, 1]
    bare = executions.get_execution_history(world.aws, {"executionArn": execution, "includeExecutionData": False})
    assert "value" not in json.dumps(bare, default=str)


def test_a_page_token_of_another_list_is_refused(world: StatesWorld) -> None:
    execution = world.start(world.create(PASS))
    world.ended(execution)
    token = executions.get_execution_history(world.aws, {"executionArn": execution, "maxResults": 1})["nextToken"]
    request: Any = {"executionArn": execution, "reverseOrder": True, "nextToken": token}
    with pytest.raises(ApiError, match="InvalidToken"):
        executions.get_execution_history(world.aws, request)


def test_an_execution_keeps_the_definition_that_it_started_with(world: StatesWorld) -> None:
    machine = world.create(HOLD)
    execution = world.start(machine)
    update: Any = {"stateMachineArn": machine, "definition": json.dumps({"QueryLanguage": "JSONata", **PASS})}
    machines.update_state_machine(world.aws, update)
    shown = executions.describe_state_machine_for_execution(world.aws, {"executionArn": execution})
    assert json.loads(shown["definition"])["StartAt"] == "Hold"
    assert world.ended(world.start(machine, {}, "after"))["status"] == "SUCCEEDED"


def test_a_loop_without_end_stops_at_the_longest_history(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 25,000 events
    monkeypatch.setattr(history, "MAX_EVENTS", 50)
    again = {"Type": "Choice", "Choices": [{"Condition": False, "Next": "Done"}], "Default": "A"}
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": again, "Done": {"Type": "Succeed"}}
    described = world.run({"StartAt": "A", "States": states})
    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert "maximum number of history events" in described["cause"]


def test_a_hundred_waiting_executions(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}
    machine = world.create(ASK)
    arns = [world.start(machine, {}, f"run-{number}") for number in range(100)]
    for token in world.await_tokens(100):
        world.succeed(token, "yes")
    assert {world.ended(arn)["status"] for arn in arns} == {"SUCCEEDED"}


def test_listing_and_resuming_read_only_what_they_tell(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """local_aws: what has ended costs nothing at a start, nor when another page is listed."""
    machine = world.create({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    for number in range(5):
        world.ended(world.start(machine, name=f"run-{number}"))
    read: list[str] = []
    execution = Records.execution

    def noting(records: Records, arn: str) -> Execution | None:
        read.append(arn.rpartition(":")[2])
        return execution(records, arn)

    monkeypatch.setattr(Records, "execution", noting)
    request: Any = {"stateMachineArn": machine, "maxResults": 2}
    listed = executions.list_executions(world.aws, request)["executions"]
    assert [one["name"] for one in listed] == read == ["run-4", "run-3"]
    read.clear()
    states.resume(world.aws)
    assert read == []
