"""CreateStateMachine, UpdateStateMachine and tags."""

from __future__ import annotations

import json
from typing import Any

import pytest
from state_machines import ROLE, StatesWorld

from local_aws.api import ApiError
from local_aws.services.states.definitions import operations as definitions
from local_aws.services.states.machines import machine_operations as machines
from local_aws.services.states.machines import tag_operations as tags

PASS = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}


def request(name: str = "machine", **changes: Any) -> Any:
    return {"name": name, "definition": json.dumps(PASS), "roleArn": ROLE, **changes}


def test_creating_the_same_again_answers_as_the_first_time(world: StatesWorld) -> None:
    first = machines.create_state_machine(world.aws, request())
    # Role and tags do not count: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    again = machines.create_state_machine(
        world.aws, request(roleArn=ROLE + "-other", tags=[{"key": "a", "value": "b"}])
    )
    assert first == again


def test_another_definition_under_the_same_name_is_refused(world: StatesWorld) -> None:
    machines.create_state_machine(world.aws, request())
    with pytest.raises(ApiError, match="StateMachineAlreadyExists: State Machine Already Exists: 'arn:aws:states"):
        machines.create_state_machine(world.aws, request(definition=json.dumps(PASS, indent=1)))


def test_a_bad_definition_is_refused_with_its_place(world: StatesWorld) -> None:
    broken = json.dumps({"QueryLanguage": "JSONata", "StartAt": "A"})
    with pytest.raises(ApiError) as caught:
        machines.create_state_machine(world.aws, request(definition=broken))
    # As recorded on AWS.
    assert caught.value.code == "InvalidDefinition"
    assert caught.value.message == (
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
    )


def test_update_needs_something_to_change(world: StatesWorld) -> None:
    arn = machines.create_state_machine(world.aws, request())["stateMachineArn"]
    with pytest.raises(ApiError, match="MissingRequiredParameter"):
        machines.update_state_machine(world.aws, {"stateMachineArn": arn})


def test_update_gives_a_new_revision(world: StatesWorld) -> None:
    arn = machines.create_state_machine(world.aws, request())["stateMachineArn"]
    assert "revisionId" not in machines.describe_state_machine(world.aws, {"stateMachineArn": arn})
    revision = machines.update_state_machine(world.aws, {"stateMachineArn": arn, "roleArn": ROLE + "2"})["revisionId"]
    described = machines.describe_state_machine(world.aws, {"stateMachineArn": arn})
    assert (described["revisionId"], described["roleArn"]) == (revision, ROLE + "2")


def test_deleted_machines_are_gone_and_deleting_twice_is_no_error(world: StatesWorld) -> None:
    arn = machines.create_state_machine(world.aws, request())["stateMachineArn"]
    for _ in range(2):
        machines.delete_state_machine(world.aws, {"stateMachineArn": arn})
    with pytest.raises(ApiError, match="StateMachineDoesNotExist"):
        machines.describe_state_machine(world.aws, {"stateMachineArn": arn})


def test_list_and_tags(world: StatesWorld) -> None:
    arns = [machines.create_state_machine(world.aws, request(f"m{n}"))["stateMachineArn"] for n in range(3)]
    first = machines.list_state_machines(world.aws, {"maxResults": 2})
    second = machines.list_state_machines(world.aws, {"maxResults": 2, "nextToken": first["nextToken"]})
    assert [item["stateMachineArn"] for item in first["stateMachines"] + second["stateMachines"]] == arns
    tag: Any = {"resourceArn": arns[0], "tags": [{"key": "owner", "value": "a"}]}
    tags.tag_resource(world.aws, tag)
    assert tags.list_tags_for_resource(world.aws, {"resourceArn": arns[0]})["tags"] == tag["tags"]
    tags.untag_resource(world.aws, {"resourceArn": arns[0], "tagKeys": ["owner"]})
    assert tags.list_tags_for_resource(world.aws, {"resourceArn": arns[0]})["tags"] == []


def test_validation_names_every_problem_with_its_place(world: StatesWorld) -> None:
    broken: Any = {"definition": json.dumps({"QueryLanguage": "JSONata"})}
    answer = definitions.validate_state_machine_definition(world.aws, broken)
    # As recorded on AWS.
    assert answer == {
        "result": "FAIL",
        "diagnostics": [
            {
                "severity": "ERROR",
                "code": "SCHEMA_VALIDATION_FAILED",
                "message": "These fields are required: [States, StartAt]",
                "location": "/",
            }
        ],
        "truncated": False,
    }
    fine: Any = {"definition": json.dumps(PASS)}
    assert definitions.validate_state_machine_definition(world.aws, fine)["result"] == "OK"


def test_describe_names_the_variables_that_states_read(world: StatesWorld) -> None:
    states = {"A": {"Type": "Pass", "Output": "{% $v %}", "End": True}}
    definition = json.dumps({**PASS, "StartAt": "A", "States": states})
    arn = machines.create_state_machine(world.aws, request(definition=definition))["stateMachineArn"]
    described = machines.describe_state_machine(world.aws, {"stateMachineArn": arn})
    assert described["variableReferences"] == {"A": ["v"]}


def test_warnings_are_shown_when_asked_for_and_prevent_nothing(world: StatesWorld) -> None:
    states = {"A": {"Type": "Pass", "Parameters": {"a": "$.b"}, "End": True}}
    text = json.dumps({"StartAt": "A", "States": states})
    machines.create_state_machine(world.aws, request(definition=text))
    silent: Any = {"definition": text}
    assert definitions.validate_state_machine_definition(world.aws, silent) == {
        "result": "OK",
        "diagnostics": [],
        "truncated": False,
    }
    answer = definitions.validate_state_machine_definition(world.aws, {**silent, "severity": "WARNING"})
    assert (answer["result"], [one["code"] for one in answer["diagnostics"]]) == ("OK", ["NO_DOLLAR"])
