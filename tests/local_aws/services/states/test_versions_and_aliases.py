"""Versions and aliases of state machines.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cd-aliasing-versioning.html; messages are recorded
behaviour.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from state_machines import ROLE, StatesWorld

from local_aws.api import ApiError
from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.executions import execution_start as starts
from local_aws.services.states.machines import alias_operations as aliases
from local_aws.services.states.machines import machine_operations as machines
from local_aws.services.states.machines import version_operations as versions
from local_aws.services.states.machines.machine_references import resolve

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:machine"


def definition(output: str) -> str:
    states = {"Only": {"Type": "Pass", "Output": output, "End": True}}
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": states})


def create(world: StatesWorld, **more: Any) -> dict[str, Any]:
    request: Any = {"name": "machine", "definition": definition("1"), "roleArn": ROLE, **more}
    return dict(machines.create_state_machine(world.aws, request))


def update(world: StatesWorld, output: str, **more: Any) -> dict[str, Any]:
    request: Any = {"stateMachineArn": MACHINE, "definition": definition(output), **more}
    return dict(machines.update_state_machine(world.aws, request))


def publish(world: StatesWorld, **more: Any) -> str:
    request: Any = {"stateMachineArn": MACHINE, **more}
    return versions.publish_state_machine_version(world.aws, request)["stateMachineVersionArn"]


def alias(world: StatesWorld, *routes: tuple[str, int], name: str = "PROD", **more: Any) -> str:
    routing = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in routes]
    request: Any = {"name": name, "routingConfiguration": routing, **more}
    return aliases.create_state_machine_alias(world.aws, request)["stateMachineAliasArn"]


def listed(world: StatesWorld) -> list[str]:
    found = versions.list_state_machine_versions(world.aws, {"stateMachineArn": MACHINE})["stateMachineVersions"]
    return [item["stateMachineVersionArn"].removeprefix(f"{MACHINE}:") for item in found]


def run(world: StatesWorld, arn: str, name: str) -> dict[str, Any]:
    started = starts.start_execution(world.aws, {"stateMachineArn": arn, "name": name})
    return world.ended(started["executionArn"])


def test_publishing_with_create_and_update(world: StatesWorld) -> None:
    assert create(world, publish=True)["stateMachineVersionArn"] == f"{MACHINE}:1"
    assert update(world, "2", publish=True)["stateMachineVersionArn"] == f"{MACHINE}:2"
    assert "stateMachineVersionArn" not in update(world, "3")
    assert listed(world) == ["2", "1"]


def test_an_update_that_changes_nothing_makes_no_revision_and_no_version(world: StatesWorld) -> None:
    create(world, publish=True)
    answer = update(world, "1", publish=True)
    assert (answer["stateMachineVersionArn"], answer.get("revisionId")) == (f"{MACHINE}:1", None)


def test_a_description_without_publish_is_refused(world: StatesWorld) -> None:
    with pytest.raises(ApiError, match="Version description can only be set when publish is true"):
        create(world, versionDescription="no")


def test_publishing_a_revision_twice_gives_one_version(world: StatesWorld) -> None:
    create(world)
    assert publish(world) == publish(world) == f"{MACHINE}:1"
    assert publish(world, revisionId="INITIAL") == f"{MACHINE}:1"


def test_another_revision_than_the_current_one_is_a_conflict(world: StatesWorld) -> None:
    create(world)
    old, new = update(world, "2")["revisionId"], update(world, "3")["revisionId"]
    with pytest.raises(ApiError) as conflict:
        publish(world, revisionId=old)
    assert conflict.value.code == "ConflictException"
    assert conflict.value.message == (
        f"Failed to publish the State Machine version for revision {old}. The current State Machine revision is {new}."
    )


def test_numbers_are_not_used_twice(world: StatesWorld) -> None:
    create(world, publish=True)
    update(world, "2")
    second = publish(world)
    for _ in range(2):
        versions.delete_state_machine_version(world.aws, {"stateMachineVersionArn": second})
    assert publish(world) == f"{MACHINE}:3"


def test_a_version_is_described_as_it_was(world: StatesWorld) -> None:
    create(world, publish=True, versionDescription="the first")
    update(world, "2")
    first = machines.describe_state_machine(world.aws, {"stateMachineArn": f"{MACHINE}:1"})
    assert (first["stateMachineArn"], first["description"]) == (f"{MACHINE}:1", "the first")
    assert (first["name"], first["definition"]) == ("machine", definition("1"))
    now = machines.describe_state_machine(world.aws, {"stateMachineArn": MACHINE})
    assert now["definition"] == definition("2")
    assert "description" not in now


def test_executions_of_a_version_and_of_an_alias_say_so(world: StatesWorld) -> None:
    create(world, publish=True)
    update(world, "2")
    prod = alias(world, (f"{MACHINE}:1", 100))
    by_version, by_alias = run(world, f"{MACHINE}:1", "v"), run(world, prod, "a")
    plain = run(world, MACHINE, "p")
    assert (by_version["output"], by_version["stateMachineVersionArn"]) == ('"1"', f"{MACHINE}:1")
    assert "stateMachineAliasArn" not in by_version
    assert (by_alias["output"], by_alias["stateMachineAliasArn"]) == ('"1"', prod)
    assert by_alias["stateMachineVersionArn"] == f"{MACHINE}:1"
    assert by_alias["stateMachineArn"] == MACHINE
    assert (plain["output"], plain.get("stateMachineVersionArn")) == ('"2"', None)
    started = world.events(by_alias["executionArn"])[0]["executionStartedEventDetails"]
    assert (started["stateMachineAliasArn"], started["stateMachineVersionArn"]) == (prod, f"{MACHINE}:1")
    shown = executions.describe_state_machine_for_execution(world.aws, {"executionArn": by_alias["executionArn"]})
    assert (shown["stateMachineArn"], shown["definition"]) == (MACHINE, definition("1"))


def test_executions_are_listed_by_version_and_alias(world: StatesWorld) -> None:
    create(world, publish=True)
    prod = alias(world, (f"{MACHINE}:1", 100))
    for arn, name in ((MACHINE, "plain"), (f"{MACHINE}:1", "version"), (prod, "alias")):
        run(world, arn, name)

    def names(arn: str) -> list[str]:
        return [one["name"] for one in executions.list_executions(world.aws, {"stateMachineArn": arn})["executions"]]

    assert names(MACHINE) == ["alias", "version", "plain"]
    assert names(f"{MACHINE}:1") == ["alias", "version"]
    assert names(prod) == ["alias"]


def test_unknown_versions_and_aliases(world: StatesWorld) -> None:
    create(world)
    for arn in (f"{MACHINE}:7", f"{MACHINE}:NONE"):
        with pytest.raises(ApiError, match="StateMachineDoesNotExist"):
            starts.start_execution(world.aws, {"stateMachineArn": arn})
    with pytest.raises(ApiError, match="StateMachineDoesNotExist"):
        machines.describe_state_machine(world.aws, {"stateMachineArn": f"{MACHINE}:7"})
    with pytest.raises(ApiError, match="ResourceNotFound: Request references a resource that does not exist"):
        aliases.describe_state_machine_alias(world.aws, {"stateMachineAliasArn": f"{MACHINE}:NONE"})


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        ([(MACHINE, 100)], f"Routing configuration must contain state machine version ARNs. Received: [{MACHINE}]"),
        (
            [(f"{MACHINE}:1", 50), (f"{MACHINE}:1", 50)],
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: [{MACHINE}:1, {MACHINE}:1]",
        ),
        (
            [(f"{MACHINE}:1", 70), (f"{MACHINE}:2", 29)],
            "Sum of routing configuration weights must equal 100. Received: [70, 29]",
        ),
    ],
)
def test_routes_that_are_refused(world: StatesWorld, routes: list[tuple[str, int]], message: str) -> None:
    create(world, publish=True)
    with pytest.raises(ApiError) as refused:
        alias(world, *routes)
    assert (refused.value.code, refused.value.message) == ("ValidationException", message)


def test_creating_an_alias_twice(world: StatesWorld) -> None:
    create(world, publish=True)
    first = alias(world, (f"{MACHINE}:1", 100), description="live")
    assert alias(world, (f"{MACHINE}:1", 100), description="live") == first
    with pytest.raises(ApiError, match="ConflictException: Failed to create alias because an alias with the same name"):
        alias(world, (f"{MACHINE}:1", 100), description="other")


def test_an_alias_is_changed_and_holds_its_versions(world: StatesWorld) -> None:
    create(world, publish=True)
    update(world, "2", publish=True)
    prod = alias(world, (f"{MACHINE}:1", 100))
    with pytest.raises(ApiError) as held:
        versions.delete_state_machine_version(world.aws, {"stateMachineVersionArn": f"{MACHINE}:1"})
    assert held.value.message == (
        "Version to be deleted must not be referenced by an alias. "
        "Current list of aliases referencing this version: [PROD]"
    )
    routing: Any = [{"stateMachineVersionArn": f"{MACHINE}:2", "weight": 100}]
    change: Any = {"stateMachineAliasArn": prod, "routingConfiguration": routing, "description": "new"}
    aliases.update_state_machine_alias(world.aws, change)
    shown = aliases.describe_state_machine_alias(world.aws, {"stateMachineAliasArn": prod})
    assert (shown["name"], shown["description"], shown["routingConfiguration"]) == ("PROD", "new", routing)
    versions.delete_state_machine_version(world.aws, {"stateMachineVersionArn": f"{MACHINE}:1"})
    assert run(world, prod, "after")["output"] == '"2"'


def test_aliases_are_listed_by_machine_and_by_version(world: StatesWorld) -> None:
    create(world, publish=True)
    update(world, "2", publish=True)
    one, two = alias(world, (f"{MACHINE}:1", 100), name="one"), alias(world, (f"{MACHINE}:2", 100), name="two")

    def arns(arn: str) -> list[str]:
        found = aliases.list_state_machine_aliases(world.aws, {"stateMachineArn": arn})["stateMachineAliases"]
        return [item["stateMachineAliasArn"] for item in found]

    assert arns(MACHINE) == [one, two]
    assert arns(f"{MACHINE}:2") == [two]
    for _ in range(2):
        aliases.delete_state_machine_alias(world.aws, {"stateMachineAliasArn": one})
    assert arns(MACHINE) == [two]


def test_versions_and_aliases_outlive_a_restart_and_not_their_machine(world: StatesWorld) -> None:
    create(world, publish=True)
    prod = alias(world, (f"{MACHINE}:1", 100))
    world.restart()
    assert run(world, prod, "after")["output"] == '"1"'
    machines.delete_state_machine(world.aws, {"stateMachineArn": MACHINE})
    create(world)
    assert listed(world) == []
    with pytest.raises(ApiError, match="StateMachineDoesNotExist"):
        starts.start_execution(world.aws, {"stateMachineArn": prod})


@given(weight=st.integers(0, 100), seed=st.integers(0, 10_000))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_alias_chooses_by_weight_and_never_a_version_of_weight_zero(
    world: StatesWorld, weight: int, seed: int
) -> None:
    machines.delete_state_machine(world.aws, {"stateMachineArn": MACHINE})
    create(world, publish=True)
    update(world, "2", publish=True)
    prod = alias(world, (f"{MACHINE}:1", weight), (f"{MACHINE}:2", 100 - weight), name=f"w{weight}")
    chance = random.Random(seed)
    chosen = [resolve(world.aws, prod, chance).version for _ in range(30)]
    numbers = {version["number"] for version in chosen if version is not None}
    assert numbers <= {number for number, share in ((1, weight), (2, 100 - weight)) if share > 0}
    if 40 <= weight <= 60:
        assert numbers == {1, 2}
