"""Reading a state machine's text: its graph, its expressions, and its calls against botocore's service models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator

FOLDER = Path(__file__).resolve().parents[2] / "statemachines"
NAMES = ("train-and-promote", "update-endpoint", "retrain-on-drift", "roll-back")

#: Optimised integrations and their patterns: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
OPTIMISED = {
    "lambda:invoke": {"", "waitForTaskToken"},
    "sqs:sendMessage": {"", "waitForTaskToken"},
    "sns:publish": {"", "waitForTaskToken"},
    "dynamodb:getItem": {""},
    "sagemaker:createTrainingJob": {"", "sync"},
    "sagemaker:createProcessingJob": {"", "sync"},
    "sagemaker:createModel": {""},
    "sagemaker:createEndpointConfig": {""},
    "sagemaker:createEndpoint": {""},
    "sagemaker:updateEndpoint": {""},
    "states:startExecution": {"", "sync", "sync:2", "waitForTaskToken"},
}
RESOURCE = re.compile(r"arn:aws:states:::(aws-sdk:)?([a-z]+):([A-Za-z]+)(?:\.(sync(?::2)?|waitForTaskToken))?$")
#: Where the integration takes JSON and the service text.
TAKES_JSON = {("sqs", "MessageBody"), ("sns", "Message"), ("states", "Input"), ("lambda", "Payload")}
VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
FUNCTIONS = {"exists", "substring", "replace", "string", "contains", "min", "states", "substringAfter", "length"}


def is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def expression(value: str) -> str:
    return value[2:-2].strip()


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


class StateMachine:
    def __init__(self, name: str) -> None:
        self.name = name
        self.text = (FOLDER / f"{name}.asl.json").read_text(encoding="utf-8")
        self.definition: dict[str, Any] = json.loads(self.text)
        self.states: dict[str, dict[str, Any]] = self.definition["States"]
        self.start: str = self.definition["StartAt"]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: state for name, state in self.states.items() if state["Type"] == kind}

    @cached_property
    def placeholders(self) -> set[str]:
        return set(re.findall(r"\$\{(\w+)\}", self.text))

    def edges(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each state that may follow, with what is assigned on the way there."""
        state = self.states[name]
        if "Next" in state:
            yield state["Next"], state.get("Assign", {})
        if "Default" in state:
            yield state["Default"], state.get("Assign", {})
        for way in [*state.get("Choices", []), *state.get("Catch", [])]:
            yield way["Next"], way.get("Assign", {})

    def leading_to(self, target: str) -> set[str]:
        return {name for name in self.states for following, _ in self.edges(name) if following == target}

    def reachable(self, without: str | None = None, start: str | None = None) -> set[str]:
        """The states that can be reached, if ``without`` could not be entered."""
        seen: set[str] = set()
        todo = [start or self.start]
        while todo:
            name = todo.pop()
            if name not in seen and name != without:
                seen.add(name)
                todo += [following for following, _ in self.edges(name)]
        return seen

    @cached_property
    def assigned(self) -> dict[str, set[str]]:
        """The variables that are set in every possible course before a state, by state."""
        every = set(self._all_variables())
        known = {name: set() if name == self.start else set(every) for name in self.states}
        changed = True
        while changed:
            changed = False
            for name in self.states:
                for following, assigned in self.edges(name):
                    reached = known[following] & (known[name] | set(assigned))
                    if reached != known[following]:
                        known[following], changed = reached, True
        return known

    def _all_variables(self) -> Iterator[str]:
        for name in self.states:
            for _, assigned in self.edges(name):
                yield from assigned

    def used(self, name: str) -> set[str]:
        """The variables that a state's expressions read."""
        found: set[str] = set()
        for text in texts(self.states[name]):
            if is_expression(text):
                found |= set(VARIABLE.findall(text)) - FUNCTIONS
        return found


class CallChecker:
    """Finds what is wrong with a task's call, by the service's model. Expressions stand for a value that would do."""

    def __init__(self) -> None:
        self._session = botocore.session.get_session()

    def problems(self, state: dict[str, Any]) -> list[str]:
        match = RESOURCE.match(state["Resource"])
        if match is None:
            return [f"{state['Resource']} is no service integration"]
        sdk, service, action, pattern = match.groups()
        if not sdk and (pattern or "") not in OPTIMISED.get(f"{service}:{action}", set()):
            return [f"{service}:{action} has no pattern {pattern!r}"]
        if sdk and pattern and pattern != "waitForTaskToken":
            return ["an SDK integration does not wait for a job"]
        shape = self._input_shape(service, action)
        if shape is None:
            return [f"{service} has no operation {action}"]
        found: list[str] = []
        filled = self._fill(state.get("Arguments", {}), shape, service, "", found)
        report = ParamValidator().validate(filled, shape)
        if report.has_errors():
            found.append(report.generate_report())
        if pattern == "waitForTaskToken" and "$states.context.Task.Token" not in json.dumps(state["Arguments"]):
            found.append("waits for a token that it never passes on")
        return found

    def _input_shape(self, service: str, action: str) -> Shape | None:
        model = self._session.get_service_model({"states": "stepfunctions"}.get(service, service))
        wanted = action[0].upper() + action[1:]
        return model.operation_model(wanted).input_shape if wanted in model.operation_names else None

    def _fill(self, value: Any, shape: Shape, service: str, field: str, found: list[str]) -> Any:
        if is_expression(value) or (isinstance(value, str) and "${" in value):
            return self._example(shape)
        if (service, field) in TAKES_JSON:
            return "json"
        if shape.type_name == "structure" and isinstance(value, dict):
            spelled = {name.lower(): name for name in shape.members}
            names = {given: spelled.get(given.lower(), given) for given in value}
            return {
                names[given]: self._fill(item, shape.members[names[given]], service, given, found)
                if names[given] in shape.members
                else item
                for given, item in value.items()
            }
        if shape.type_name == "list" and isinstance(value, list):
            return [self._fill(item, shape.member, service, field, found) for item in value]
        if shape.type_name == "map" and isinstance(value, dict):
            return {key: self._fill(item, shape.value, service, key, found) for key, item in value.items()}
        if getattr(shape, "enum", None) and value not in shape.enum:
            found.append(f"{field}: {value!r} is not one of {shape.enum[:8]}")
        return value

    def _example(self, shape: Shape) -> Any:
        """Some value that the shape accepts."""
        kind = shape.type_name
        if kind == "structure":
            return {name: self._example(shape.members[name]) for name in shape.required_members}
        if kind in ("integer", "long"):
            return int(shape.metadata.get("min", 1))
        if kind in ("float", "double"):
            return float(shape.metadata.get("min", 1))
        least = int(shape.metadata.get("min", 0))
        examples = {"list": [], "map": {}, "boolean": True, "blob": b"x", "timestamp": 0}
        return examples.get(kind, "x" * max(least, 1))
