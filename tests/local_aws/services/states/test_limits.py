"""Quotas and what is refused at the edge.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from state_machines import ROLE, StatesWorld

from local_aws.api import ApiError
from local_aws.services.states.definitions import operations as definitions
from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.executions import execution_start as starts
from local_aws.services.states.machines import machine_operations as machines
from local_aws.services.states.machines import tag_operations as tags

HOLD = {"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 600, "End": True}}}
SYNC = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution.sync:2",
    "Arguments": {"StateMachineArn": "arn"},
    "End": True,
}


def tag(number: int) -> dict[str, str]:
    return {"key": f"key-{number}", "value": "v"}


def request(**more: Any) -> Any:
    return {"name": "m", "definition": json.dumps({"QueryLanguage": "JSONata", **HOLD}), "roleArn": ROLE, **more}


def test_fifty_tags_at_most(world: StatesWorld) -> None:
    with pytest.raises(ApiError, match="TooManyTags"):
        machines.create_state_machine(world.aws, request(tags=[tag(number) for number in range(51)]))
    arn = machines.create_state_machine(world.aws, request(tags=[tag(number) for number in range(50)]))
    more: Any = {"resourceArn": arn["stateMachineArn"], "tags": [tag(50)]}
    with pytest.raises(ApiError, match="TooManyTags"):
        tags.tag_resource(world.aws, more)
    tags.tag_resource(world.aws, {**more, "tags": [tag(3)]})
    shown = tags.list_tags_for_resource(world.aws, {"resourceArn": arn["stateMachineArn"]})
    assert len(shown["tags"]) == 50


def test_only_as_many_executions_as_may_are_open(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_OPEN_EXECUTIONS", "2")
    machine = world.create(HOLD)
    first, _ = world.start(machine, name="one"), world.start(machine, name="two")
    with pytest.raises(ApiError, match="ExecutionLimitExceeded: 2 executions run"):
        world.start(machine, name="three")
    assert world.start(machine, name="one") == first
    world.stop(first)
    world.start(machine, name="three")


def test_input_is_counted_in_bytes_of_utf_8(world: StatesWorld) -> None:
    machine = world.create(HOLD)
    fits = json.dumps("ä" * 131_071, ensure_ascii=False)
    starts.start_execution(world.aws, {"stateMachineArn": machine, "name": "fits", "input": fits})
    with pytest.raises(ApiError, match="ValidationException"):
        starts.start_execution(world.aws, {"stateMachineArn": machine, "input": f"{fits} "})


def test_an_output_over_256_kib_fails_the_execution(world: StatesWorld) -> None:
    grow = {"Type": "Pass", "Output": "{% $pad('', 262143, 'x') %}", "End": True}
    described = world.run({"StartAt": "Grow", "States": {"Grow": grow}})
    assert (described["status"], described["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_only_the_key_that_aws_owns_is_taken(world: StatesWorld) -> None:
    own = {"type": "AWS_OWNED_KEY"}
    arn = machines.create_state_machine(world.aws, request(encryptionConfiguration=own))["stateMachineArn"]
    shown = machines.describe_state_machine(world.aws, {"stateMachineArn": arn})
    assert shown["encryptionConfiguration"] == own
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/mine"}
    with pytest.raises(ApiError, match=r"InvalidEncryptionConfiguration.*use type AWS_OWNED_KEY"):
        machines.create_state_machine(world.aws, request(name="other", encryptionConfiguration=key))


def test_metadata_only_hides_the_definition(world: StatesWorld) -> None:
    arn = world.create(HOLD)
    shown = machines.describe_state_machine(world.aws, {"stateMachineArn": arn, "includedData": "METADATA_ONLY"})
    assert shown["definition"] == "{}"


def test_validation_is_for_a_type_and_tells_when_it_is_cut(world: StatesWorld) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
    branch = {"StartAt": "A", "States": {"A": SYNC}}
    other = {"StartAt": "B", "States": {"B": SYNC}}
    states = {"Both": {"Type": "Parallel", "Branches": [branch, other], "End": True}}
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Both", "States": states})
    ask: Any = {"definition": text, "type": "EXPRESS", "maxResults": 1, "severity": "WARNING"}
    answer = definitions.validate_state_machine_definition(world.aws, ask)
    assert (answer["result"], len(answer["diagnostics"]), answer["truncated"]) == ("FAIL", 1, True)
    assert answer["diagnostics"][0]["location"] == "/States/Both/Branches[0]/States/A/Resource"
    whole = definitions.validate_state_machine_definition(world.aws, {**ask, "maxResults": 0})
    assert (len(whole["diagnostics"]), whole["truncated"]) == (2, False)
    standard = definitions.validate_state_machine_definition(world.aws, {"definition": text})
    assert standard == {"result": "OK", "diagnostics": [], "truncated": False}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "mapRunArn": "arn"},
        {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "statusFilter": "PENDING_REDRIVE"},
    ],
)
def test_lists_of_executions_that_are_refused(world: StatesWorld, wrong: Any) -> None:
    machines.create_state_machine(world.aws, request())
    with pytest.raises(ApiError, match="ValidationException"):
        executions.list_executions(world.aws, wrong)


def test_an_arn_of_another_kind_is_named(world: StatesWorld) -> None:
    activity = "arn:aws:states:us-east-1:123456789012:activity:a"
    with pytest.raises(ApiError, match="InvalidArn: Invalid Arn: 'Resource type not valid in this context: activity'"):
        world.describe(activity)
    with pytest.raises(ApiError, match="InvalidArn"):
        machines.describe_state_machine(world.aws, {"stateMachineArn": "no arn"})


def test_a_label_of_a_map_state_is_no_machine(world: StatesWorld) -> None:
    arn = world.create(HOLD)
    with pytest.raises(ApiError, match="ValidationException"):
        starts.start_execution(world.aws, {"stateMachineArn": f"{arn}/label"})
    assert world.aws.store.list("states:execution") == []
