"""Checks of a Task: what it calls, with which fields, and for how long.

https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local_aws.services.states.definitions import jsonata
from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.definitions.values import check_text, check_whole, is_whole
from local_aws.services.states.languages.expressions import expression_in
from local_aws.services.states.languages.payload_templates import SUFFIX
from local_aws.services.states.tasks import http_request
from local_aws.services.states.tasks.resources import Resource, ResourceError, operation_model, parse
from local_aws.services.states.tasks.shapes import members_by_name, pascal

#: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:[^\s:]{1,80}")
ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:.+")


def check_task(problems: Problems, state: Mapping[str, Any], location: str, language: str) -> None:
    for field in ("TimeoutSeconds", "HeartbeatSeconds"):
        if field in state:
            _check_seconds(problems, state[field], f"{location}/{field}", language)
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if is_whole(timeout) and is_whole(heartbeat) and heartbeat >= timeout:  # type: ignore[operator]
        problems.add("HeartbeatSeconds must be smaller than TimeoutSeconds", f"{location}/HeartbeatSeconds")
    place = f"{location}/Resource"
    if not problems.require(state, ("Resource",), location) or not check_text(problems, state["Resource"], place):
        return
    text = state["Resource"]
    if not ARN.fullmatch(text):
        problems.add("Value is not a valid resource ARN", place)
        return
    if ACTIVITY.fullmatch(text):
        return
    try:
        resource = parse(text)
    except ResourceError as error:
        problems.add(str(error), place)
        return
    field = "Arguments" if language == "JSONata" else "Parameters"
    if resource.kind != "function" and isinstance(state.get(field), dict):
        check = _check_http if resource.kind == "http" else _check_call
        check(problems, resource, state[field], f"{location}/{field}", language)


def _check_seconds(problems: Problems, value: Any, location: str, language: str) -> None:
    if language == "JSONata" and expression_in(value) is not None:
        jsonata.check_template(problems, value, location)
    else:
        check_whole(problems, value, location, least=1)


def _check_http(problems: Problems, resource: Resource, given: Mapping[str, Any], location: str, language: str) -> None:
    """The fields of an HTTP task; their values are checked when it runs, as at AWS."""
    names = {field.removesuffix(SUFFIX) if language == "JSONPath" else field: field for field in given}
    for name, field in names.items():
        if name not in http_request.FIELDS:
            problems.add(f'The field "{name}" is not supported by Step Functions', f"{location}/{field}")
    for name in http_request.REQUIRED:
        if name not in names:
            problems.add(f'The field "{name}" is required but was missing', location)
    if sum(name in names for name in http_request.CONNECTIONS) != 1:
        problems.add("An HTTP task needs one ConnectionArn, in InvocationConfig or in Authentication", location)
    method = given.get("Method")
    written = isinstance(method, str) and (language == "JSONPath" or expression_in(method) is None)
    if written and method not in http_request.METHODS:
        problems.add(f"Method must be one of {', '.join(http_request.METHODS)}", f"{location}/Method")


def _check_call(problems: Problems, resource: Resource, given: Mapping[str, Any], location: str, language: str) -> None:
    """The fields of the call, as far as they are written down."""
    shape = operation_model(resource).input_shape
    if shape is None:
        return
    members = members_by_name(shape)
    names = {field.removesuffix(SUFFIX) if language == "JSONPath" else field: field for field in given}
    for name, field in names.items():
        if name not in members:
            problems.add(f'The field "{name}" is not supported by Step Functions', f"{location}/{field}")
    present = {members[name] for name in names if name in members}
    for member in shape.required_members:
        if member not in present and not shape.members[member].metadata.get("idempotencyToken"):
            problems.add(f'The field "{pascal(member)}" is required but was missing', location)
