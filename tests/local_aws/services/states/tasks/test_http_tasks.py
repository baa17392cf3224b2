"""``http:invoke`` calls a real endpoint with what the definition says and what the connection adds.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from http_endpoint import JSON, Endpoint, connection, http_endpoint
from moto.events.models import events_backends
from state_machines import StatesWorld

from local_aws.services.states.errors import StateError
from local_aws.services.states.tasks import http_task
from local_aws.services.states.tasks.http_task import invoke

REGION = "us-east-1"
SECRET = "opensesame"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with http_endpoint() as found:
        yield found


@pytest.fixture
def keyed() -> str:
    return connection("keyed", "API_KEY", ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": SECRET})


def parameters(endpoint: Endpoint, arn: str, path: str = "/orders", **more: Any) -> dict[str, Any]:
    fields = {"ApiEndpoint": endpoint.url + path, "Method": "POST", "InvocationConfig": {"ConnectionArn": arn}}
    return {**fields, **more}


def test_request_and_result(endpoint: Endpoint, keyed: str) -> None:
    given = parameters(endpoint, keyed, RequestBody={"n": 1}, Headers={"Request-Id": "r"}, QueryParameters={"q": "a b"})
    result = invoke(given, REGION)
    seen = endpoint.last()
    assert (seen.method, seen.path, json.loads(seen.body)) == ("POST", "/orders?q=a%20b", {"n": 1})
    assert seen.headers["x-key"] == SECRET
    assert seen.headers["request-id"] == "r"
    assert seen.headers["content-type"] == "application/json; charset=UTF-8"
    assert seen.headers["range"] == "bytes=0-262144"
    assert seen.headers["user-agent"] == "Amazon|StepFunctions|HttpInvoke|us-east-1"
    assert (result["StatusCode"], result["StatusText"], result["ResponseBody"]) == (200, "OK", {"ok": True})
    assert result["Headers"]["content-type"] == ["application/json"]


def test_connection_wins_where_both_name_the_same(endpoint: Endpoint) -> None:
    own = {
        "HeaderParameters": [{"Key": "Content-Type", "Value": "text/x"}],
        "QueryStringParameters": [{"Key": "q", "Value": "theirs"}],
        "BodyParameters": [{"Key": "mode", "Value": "theirs"}],
    }
    basic = {"Username": "u", "Password": SECRET}
    arn = connection("merging", "BASIC", BasicAuthParameters=basic, InvocationHttpParameters=own)
    more = {"Headers": {"content-type": "mine"}, "QueryParameters": {"q": "mine", "r": [1, 2]}}
    invoke(parameters(endpoint, arn, "/p?a=1", RequestBody={"mode": "mine", "kept": True}, **more), REGION)
    seen = endpoint.last()
    assert seen.path == "/p?a=1&q=theirs&r=1&r=2"
    assert json.loads(seen.body) == {"mode": "theirs", "kept": True}
    assert seen.headers["content-type"] == "text/x"
    assert seen.headers["authorization"] == "Basic dTpvcGVuc2VzYW1l"
    with pytest.raises(StateError, match=r"States\.Runtime"):
        invoke(parameters(endpoint, arn, RequestBody="text"), REGION)


@pytest.mark.parametrize(
    ("arrays", "body"),
    [
        ("INDICES", b"a%5B0%5D=x&a%5B1%5D=y%20z&m%5Bk%5D=1"),
        ("REPEAT", b"a=x&a=y%20z&m%5Bk%5D=1"),
        ("COMMAS", b"a=x,y%20z&m%5Bk%5D=1"),
        ("BRACKETS", b"a%5B%5D=x&a%5B%5D=y%20z&m%5Bk%5D=1"),
    ],
)
def test_form_encoding(endpoint: Endpoint, keyed: str, arrays: str, body: bytes) -> None:
    transform = {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": arrays}}
    given = {"a": ["x", "y z"], "m": {"k": 1}}
    invoke(parameters(endpoint, keyed, RequestBody=given, Transform=transform), REGION)
    assert endpoint.last().body == body


def test_oauth_token_is_fetched_kept_and_renewed_when_refused(endpoint: Endpoint) -> None:
    tokens = iter(["first", "second"])
    good = {"first"}

    def answer(seen: Any) -> Any:
        if seen.path == "/token":
            return 200, JSON, json.dumps({"access_token": next(tokens), "expires_in": 600}).encode()
        granted = seen.headers["authorization"].removeprefix("Bearer ") in good
        return (200 if granted else 401), JSON, b"{}"

    endpoint.answer = answer
    client = {"ClientID": "c", "ClientSecret": SECRET}
    oauth = {"ClientParameters": client, "AuthorizationEndpoint": endpoint.url + "/token", "HttpMethod": "POST"}
    arn = connection("oauth", "OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)
    for _ in range(2):
        assert invoke(parameters(endpoint, arn), REGION)["StatusCode"] == 200
    assert [seen.path for seen in endpoint.seen] == ["/token", "/orders", "/orders"]
    assert endpoint.seen[0].body == b"grant_type=client_credentials&client_id=c&client_secret=opensesame"
    good.clear()
    good.add("second")
    assert invoke(parameters(endpoint, arn), REGION)["StatusCode"] == 200
    assert [seen.path for seen in endpoint.seen[3:]] == ["/orders", "/token", "/orders"]


def test_token_endpoint_that_refuses_fails_the_task_without_the_secret(endpoint: Endpoint) -> None:
    endpoint.answer = lambda seen: (403, {}, seen.body)
    client = {"ClientID": "c", "ClientSecret": SECRET}
    oauth = {"ClientParameters": client, "AuthorizationEndpoint": endpoint.url, "HttpMethod": "POST"}
    arn = connection("refused", "OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)
    with pytest.raises(StateError) as failed:
        invoke(parameters(endpoint, arn), REGION)
    assert failed.value.error == "Events.ConnectionResource.InvalidConnectionState"
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize("status", [302, 404, 429, 503])
def test_status_names_the_error(endpoint: Endpoint, keyed: str, status: int) -> None:
    endpoint.answer = lambda seen: (status, {"Location": "/elsewhere"}, b"why")
    with pytest.raises(StateError) as failed:
        invoke(parameters(endpoint, keyed), REGION)
    assert (failed.value.error, failed.value.cause) == (f"States.Http.StatusCode.{status}", "why")
    assert len(endpoint.seen) == 1


@pytest.mark.parametrize(
    "reply",
    [(200, {"Content-Type": "image/png"}, b"text"), (200, {}, b"\xff\xfe")],
)
def test_response_that_is_no_text_is_a_runtime_error(endpoint: Endpoint, keyed: str, reply: Any) -> None:
    endpoint.answer = lambda seen: reply
    with pytest.raises(StateError) as failed:
        invoke(parameters(endpoint, keyed), REGION)
    assert (failed.value.error, failed.value.terminal) == ("States.Runtime", True)


def test_silent_endpoint_is_a_socket_error(endpoint: Endpoint, keyed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_task, "LIMIT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = parameters(endpoint, keyed) | {"ApiEndpoint": f"http://127.0.0.1:{silent.getsockname()[1]}/"}
        with pytest.raises(StateError, match=r"within 0\.2 seconds") as failed:
            invoke(given, REGION)
    assert failed.value.error == "States.Http.Socket"


def test_connection_that_is_gone_or_deauthorised(endpoint: Endpoint, keyed: str) -> None:
    events_backends["123456789012"]["us-east-1"].connections["keyed"].state = "DEAUTHORIZED"
    with pytest.raises(StateError, match=r"Events\.ConnectionResource\.InvalidConnectionState"):
        invoke(parameters(endpoint, keyed), REGION)
    with pytest.raises(StateError, match=r"Events\.ConnectionResource\.ResourceNotFound"):
        invoke(parameters(endpoint, keyed + "0"), REGION)
    assert endpoint.seen == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"Headers": {"X-Amz-Date": "1"}},
        {"Headers": {"Authorization": "mine"}},
        {"Headers": {"A": "1\r\nB: 2"}},
        {"Method": "TRACE"},
        {"ApiEndpoint": "http://example.com/"},
        {"ApiEndpoint": "http://127.0.0.1.example.com/"},
        {"Authentication": {"ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/a/b"}},
        {"Transform": {"RequestBodyEncoding": "XML"}},
        {"Body": {}},
    ],
)
def test_request_that_step_functions_does_not_make(endpoint: Endpoint, keyed: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(StateError, match=r"States\.Runtime"):
        invoke(parameters(endpoint, keyed) | wrong, REGION)
    assert endpoint.seen == []


def test_machine_retries_then_shows_no_secret_in_its_history(
    world: StatesWorld, endpoint: Endpoint, keyed: str
) -> None:
    replies = iter([(503, {}, b"busy"), (200, JSON, b'{"paid": true}')])
    endpoint.answer = lambda seen: next(replies)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Arguments": parameters(endpoint, keyed, RequestBody={"id": "{% $states.input.id %}"}),
        "Retry": [{"ErrorEquals": ["States.Http.StatusCode.503"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        "Output": "{% $states.result.ResponseBody %}",
        "End": True,
    }
    ended = world.run({"StartAt": "Pay", "States": {"Pay": task}}, {"id": 7})
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"paid": True})
    assert json.loads(endpoint.last().body) == {"id": 7}
    events = world.events(ended["executionArn"])
    assert "TaskFailed" in [event["type"] for event in events]
    scheduled = next(event["taskScheduledEventDetails"] for event in events if event["type"] == "TaskScheduled")
    assert (scheduled["resourceType"], scheduled["resource"]) == ("http", "invoke")
    assert SECRET not in json.dumps(events, default=str)
