"""What a definition may say of an HTTP task, and what TestState shows of one.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html and
https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from http_endpoint import connection, http_endpoint
from state_machines import StatesWorld

from local_aws.api import ApiError
from local_aws.services.states.tasks.resources import UNSERVED, ResourceError, parse
from local_aws.services.states.teststate import operations as teststates

CONNECTION = "arn:aws:events:us-east-1:123456789012:connection/api/0"
GOOD = {"ApiEndpoint": "https://example.com", "Method": "GET", "Authentication": {"ConnectionArn": CONNECTION}}


def machine(arguments: dict[str, Any]) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Arguments": arguments, "End": True}
    return {"StartAt": "A", "States": {"A": task}}


def test_definition_is_taken(world: StatesWorld) -> None:
    world.create(machine({**GOOD, "Method": "{% $states.input.method %}"}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Method": "TRACE"}, "Method must be one of"),
        ({"Body": 1}, "Body"),
        ({"InvocationConfig": {"ConnectionArn": CONNECTION}}, "one ConnectionArn"),
    ],
)
def test_definition_is_refused(world: StatesWorld, change: dict[str, Any], told: str) -> None:
    with pytest.raises(ApiError, match=told):
        world.create(machine({**GOOD, **change}))


@pytest.mark.parametrize("service", UNSERVED)
def test_integration_that_is_not_served_says_what_to_use(service: str) -> None:
    apis = UNSERVED[service] or {"anything"}
    for api in apis:
        for pattern in ("", ".sync"):
            with pytest.raises(ResourceError, match=r"lambda:invoke.*http:invoke.*aws-sdk:"):
                parse(f"arn:aws:states:::{service}:{api}{pattern}")


def test_http_task_waits_for_no_token() -> None:
    with pytest.raises(ResourceError, match="not recognized"):
        parse("arn:aws:states:::http:invoke.waitForTaskToken")


def test_teststate_shows_what_a_connection_adds_only_when_asked(world: StatesWorld) -> None:
    key = {"ApiKeyName": "X-Key", "ApiKeyValue": "opensesame"}
    arn = connection("shown", "API_KEY", ApiKeyAuthParameters=key)
    with http_endpoint() as endpoint:
        arguments = {**GOOD, "ApiEndpoint": endpoint.url, "Authentication": {"ConnectionArn": arn}}
        state = {**machine(arguments)["States"]["A"], "QueryLanguage": "JSONata"}
        request: Any = {"definition": json.dumps(state), "roleArn": "r", "inspectionLevel": "TRACE"}
        hidden = teststates.test_state(world.aws, request)
        assert hidden["status"] == "SUCCEEDED"
        assert "opensesame" not in json.dumps(hidden)
        assert hidden["inspectionData"]["response"]["statusCode"] == "200"
        shown = teststates.test_state(world.aws, {**request, "revealSecrets": True})
        assert json.loads(shown["inspectionData"]["request"]["headers"])["X-Key"] == ["opensesame"]
        debug = teststates.test_state(world.aws, {**request, "inspectionLevel": "DEBUG"})
        assert "request" not in debug["inspectionData"]
