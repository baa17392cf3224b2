"""TestState.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html; answers, data shown and messages
are recorded behaviour.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from state_machines import ROLE, FakeServices, StatesWorld

from local_aws.api import ApiError
from local_aws.services.states.languages.known import LANGUAGES
from local_aws.services.states.teststate import operations as teststate_operations
from local_aws.services.states.teststate import run as teststate

SEND = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.input.text %}"},
    "Next": "After",
}
jsonpath = pytest.mark.skipif("JSONPath" not in LANGUAGES, reason="JSONPath is not provided")


def run(world: StatesWorld, state: Any, value: Any = None, **request: Any) -> dict[str, Any]:
    document = state if "States" in state or "QueryLanguage" in state else {"QueryLanguage": "JSONata", **state}
    more = {key: json.dumps(part) if key in ("variables", "context") else part for key, part in request.items()}
    asked: Any = {"definition": json.dumps(document), "input": json.dumps(value), "roleArn": ROLE, **more}
    return dict(teststate_operations.test_state(world.aws, asked))


def inspected(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: json.loads(part) if isinstance(part, str) else part for key, part in answer["inspectionData"].items()}


def test_a_pass_state_answers_with_its_output(world: StatesWorld) -> None:
    state = {"Type": "Pass", "Output": "{% $states.input.n * $factor %}", "Next": "After"}
    answer = run(world, state, {"n": 21}, variables={"factor": 2})
    assert answer == {"status": "SUCCEEDED", "output": "42", "nextState": "After"}


def test_a_fail_state_fails(world: StatesWorld) -> None:
    answer = run(world, {"Type": "Fail", "Error": "E", "Cause": "c"}, {"v": 1}, inspectionLevel="DEBUG")
    assert answer == {"status": "FAILED", "error": "E", "cause": "c", "inspectionData": {"input": '{"v":1}'}}


def test_a_choice_names_the_next_state(world: StatesWorld) -> None:
    rule = {"Condition": "{% $states.input > 20 %}", "Next": "Large"}
    state = {"Type": "Choice", "Choices": [rule], "Default": "Small"}
    assert run(world, state, 22) == {"status": "SUCCEEDED", "output": "22", "nextState": "Large"}
    assert run(world, state, 2)["nextState"] == "Small"


def test_a_task_calls_its_service_and_shows_its_data(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}
    state = {**SEND, "Output": "{% $states.result.MessageId %}", "Assign": {"sent": True}}
    answer = run(world, state, {"text": "hello"}, inspectionLevel="TRACE")
    assert services.made("sqs.send_message") == [{"QueueUrl": "https://queue", "MessageBody": "hello"}]
    assert (answer["status"], answer["output"], answer["nextState"]) == ("SUCCEEDED", '"m"', "After")
    shown = inspected(answer)
    assert shown["input"] == {"text": "hello"}
    assert shown["afterArguments"] == {"QueueUrl": "https://queue", "MessageBody": "hello"}
    assert shown["result"]["MessageId"] == "m"
    assert shown["variables"] == {"sent": True}


def test_nothing_is_kept_of_a_test(world: StatesWorld) -> None:
    run(world, {"Type": "Pass", "End": True})
    for kind in ("states:execution", "states:frame", "states:machine"):
        assert world.aws.store.list(kind) == []


def test_a_state_is_found_by_its_name_in_a_machine(world: StatesWorld) -> None:
    inner = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "Output": "inside", "End": True}}}
    states = {
        "First": {"Type": "Pass", "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [inner], "End": True},
    }
    machine = {"QueryLanguage": "JSONata", "StartAt": "First", "States": states}
    assert run(world, machine, 1, stateName="First")["nextState"] == "Both"
    assert run(world, machine, 1, stateName="Inner") == {"status": "SUCCEEDED", "output": '"inside"'}
    with pytest.raises(ApiError, match="ValidationException: State not found in definition"):
        run(world, machine, 1, stateName="None")


def test_the_context_object_is_that_of_an_express_execution(world: StatesWorld) -> None:
    state = {"Type": "Pass", "Output": "{% $states.context %}", "End": True}
    context = json.loads(run(world, state, {"v": 1})["output"])
    assert context["State"]["Name"] == "StateName"
    assert context["Execution"]["Id"].startswith("arn:aws:states:us-east-1:123456789012:express:")
    assert (context["Execution"]["Input"], context["Execution"]["RoleArn"]) == ({"v": 1}, ROLE)
    assert "RedriveCount" not in context["Execution"]


def test_an_error_may_be_retriable_or_caught_or_final(world: StatesWorld) -> None:
    retry = [{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Busy"], "MaxAttempts": 2, "IntervalSeconds": 3}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Sorry", "Output": "{% $states.errorOutput.Error %}"}]
    state = {**SEND, "Retry": retry, "Catch": catch}
    mock = {"errorOutput": {"error": "Busy", "cause": "full"}}

    first = run(world, state, {"text": "t"}, mock=mock, inspectionLevel="DEBUG")
    assert (first["status"], first["error"], first["cause"]) == ("RETRIABLE", "Busy", "full")
    assert first["inspectionData"]["errorDetails"] == {"retryIndex": 1, "retryBackoffIntervalSeconds": 3}
    assert "output" not in first

    one_done = {"retrierRetryCount": 1}
    second = run(world, state, {"text": "t"}, mock=mock, inspectionLevel="DEBUG", stateConfiguration=one_done)
    assert second["inspectionData"]["errorDetails"]["retryBackoffIntervalSeconds"] == 6

    used_up = {"retrierRetryCount": 2}
    third = run(world, state, {"text": "t"}, mock=mock, inspectionLevel="DEBUG", stateConfiguration=used_up)
    assert (third["status"], third["nextState"], third["output"]) == ("CAUGHT_ERROR", "Sorry", '"Busy"')
    assert third["inspectionData"]["errorDetails"] == {"catchIndex": 0}

    final = run(world, {**SEND, "Retry": retry}, {"text": "t"}, mock=mock, stateConfiguration=used_up)
    assert final == {"status": "FAILED", "error": "Busy", "cause": "full"}


def test_an_error_of_the_service_is_treated_alike(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"raises": "QueueDoesNotExist", "message": "none"}]}
    assert run(world, {**SEND, "Retry": [{"ErrorEquals": ["States.TaskFailed"]}]}, {"text": "t"})["status"] == (
        "RETRIABLE"
    )


def test_an_expression_that_fails_is_the_states_error(world: StatesWorld) -> None:
    answer = run(world, {"Type": "Pass", "Output": "{% $states.input.none.n + 'x' %}", "End": True}, {"n": 1})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.QueryEvaluationError")


def test_a_mock_stands_for_the_call(world: StatesWorld, services: FakeServices) -> None:
    result = json.dumps({"MessageId": "mocked", "MD5OfMessageBody": "x"})
    answer = run(world, SEND, {"text": "t"}, mock={"result": result}, inspectionLevel="DEBUG")
    assert services.calls == []
    assert json.loads(answer["output"])["MessageId"] == "mocked"
    assert inspected(answer)["afterArguments"]["MessageBody"] == "t"


def test_a_mocked_token_task_needs_no_answer(world: StatesWorld) -> None:
    token = "{% $states.context.Task.Token %}"
    arguments = {"QueueUrl": "https://queue", "MessageBody": token}
    state = {**SEND, "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Arguments": arguments}
    with pytest.raises(ApiError, match="Nobody can answer the task token of a state under test: give a mock"):
        run(world, state)
    assert run(world, state, mock={"result": '"yes"'})["output"] == '"yes"'
    answer = run(world, state, mock={"result": "1"}, context={"Task": {"Token": "abcd123"}}, inspectionLevel="DEBUG")
    assert inspected(answer)["afterArguments"]["MessageBody"] == "abcd123"


def test_forks_run_with_a_mock_only(world: StatesWorld) -> None:
    branch = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    state = {"Type": "Parallel", "Branches": [branch, branch | {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]}
    state["End"] = True
    with pytest.raises(ApiError, match="InvalidDefinition: TestState API does not support Map or Parallel states"):
        run(world, state)
    assert run(world, state, mock={"result": "[1, 2]"})["output"] == "[1,2]"
    for result, message in (
        ("1", "Mocked result must be an array."),
        ("[1]", "Mocked result must contain the same number of items as number of Parallel branches."),
    ):
        with pytest.raises(ApiError) as refused:
            run(world, state, mock={"result": result})
        assert refused.value.message == message


def test_a_map_may_fail_more_often_than_it_tolerates(world: StatesWorld) -> None:
    processor = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "Items": [1, 2], "ItemProcessor": processor, "End": True}
    answer = run(world, state, mock={"result": "[1, 2]"}, inspectionLevel="DEBUG")
    assert (answer["output"], answer["inspectionData"]["maxConcurrency"]) == ("[1,2]", 0)
    with pytest.raises(ApiError, match="Mocked result must be an array"):
        run(world, state, mock={"result": "{}"})


@pytest.mark.parametrize(
    ("request_part", "message"),
    [
        ({"mock": {"result": "{}", "errorOutput": {"error": "E"}}}, "should have only one of the following fields"),
        ({"mock": {"result": "{}"}, "revealSecrets": True}, "does not support RevealSecrets when a mock is specified"),
        ({"context": {}}, "A Context object can only be given together with a mock"),
        ({"mock": {"result": "{}"}, "context": {"Map": {}}}, "'Map' field is not supported when mocking a Context"),
        ({"mock": {"result": "{}"}, "context": {"Execution": {"Id": 1}}}, "Execution.Id must be a string"),
        ({"mock": {"result": "{}"}, "context": {"Execution": {"pokemon": 1}}}, "Field 'pokemon' is not allowed"),
        ({"mock": {"result": "{}"}, "context": {"Task": {"Token": "t"}}}, "Context object contains 'Task' when state"),
        ({"variables": []}, "Invalid variables"),
        ({"stateConfiguration": {"mapItemReaderData": "[]"}}, "local_aws does not take mapItemReaderData"),
    ],
)
def test_requests_that_are_refused(world: StatesWorld, request_part: Any, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        run(world, SEND, {"text": "t"}, **request_part)
    assert refused.value.code == "ValidationException"
    assert message in refused.value.message


def test_other_states_take_no_mock(world: StatesWorld) -> None:
    with pytest.raises(ApiError, match="State type 'Pass' is not supported when a mock is specified"):
        run(world, {"Type": "Pass", "End": True}, mock={"result": "{}"})


@pytest.mark.parametrize(
    ("resource", "arguments", "result", "message"),
    [
        ("events:putEvents", {"Entries": []}, {"Entries": "no"}, "Field 'Entries' must be an array"),
        ("events:putEvents", {"Entries": []}, {"Entries": [{"EventId": 1}]}, "Field 'EventId' must be a string"),
        ("states:startExecution", {"StateMachineArn": "a"}, {}, "Required field 'ExecutionArn' is missing"),
        ("lambda:invoke", {"FunctionName": "f"}, {"StatusCode": "200"}, "Field 'StatusCode' must be a number"),
    ],
)
def test_a_mocked_result_is_checked_by_the_api(
    world: StatesWorld, resource: str, arguments: Any, result: Any, message: str
) -> None:
    state = {**SEND, "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}
    with pytest.raises(ApiError) as refused:
        run(world, state, mock={"result": json.dumps(result)})
    assert refused.value.message == f"Mock result schema validation error: {message}"
    lenient = {"result": json.dumps(result), "fieldValidationMode": "NONE"}
    assert run(world, state, mock=lenient)["status"] == "SUCCEEDED"


def test_required_fields_may_be_missing_when_only_those_present_are_checked(world: StatesWorld) -> None:
    state = {**SEND, "Resource": "arn:aws:states:::states:startExecution", "Arguments": {"StateMachineArn": "a"}}
    mock = {"result": '{"random": "json"}', "fieldValidationMode": "PRESENT"}
    assert run(world, state, mock=mock)["output"] == '{"random":"json"}'


def test_a_state_that_takes_too_long_times_out(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert teststate.LONGEST_SECONDS == 300
    monkeypatch.setattr(teststate, "LONGEST_SECONDS", 0.2)
    answer = run(world, {"Type": "Wait", "Seconds": 600, "End": True})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Timeout")


def test_definitions_are_checked(world: StatesWorld) -> None:
    with pytest.raises(ApiError, match=r"InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION"):
        run(world, {"Type": "Task", "End": True})
    with pytest.raises(ApiError, match="InvalidDefinition"):
        teststate_operations.test_state(world.aws, {"definition": "no json"})


@jsonpath
def test_the_steps_of_jsonpath_are_shown(world: StatesWorld) -> None:
    value = {"initialData": {"fieldFromInput": "value", "otherField": "other"}, "unrelated": 1}
    state = {
        "QueryLanguage": "JSONPath",
        "Type": "Pass",
        "InputPath": "$.initialData",
        "Parameters": {"static": "some", "inputValue.$": "$.fieldFromInput"},
        "ResultPath": "$.modified",
        "End": True,
    }
    made = {"static": "some", "inputValue": "value"}
    assert inspected(run(world, state, value, inspectionLevel="DEBUG")) == {
        "input": value,
        "afterInputPath": value["initialData"],
        "afterParameters": made,
        "afterResultSelector": made,
        "afterResultPath": {**value, "modified": made},
    }


@jsonpath
def test_a_result_of_jsonpath_leaves_out_the_input(world: StatesWorld) -> None:
    state = {"QueryLanguage": "JSONPath", "Type": "Pass", "Result": {"key": "v"}, "End": True}
    assert inspected(run(world, state, {"Value": "x"}, inspectionLevel="DEBUG")) == {
        "input": {"Value": "x"},
        "result": {"key": "v"},
        "afterResultSelector": {"key": "v"},
        "afterResultPath": {"key": "v"},
    }
