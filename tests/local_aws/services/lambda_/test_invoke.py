"""Functions run as Lambda runs them: the contract of handler, context, time-out, errors and limits."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack

SHOW = """
import os, time
NAMES = ("GREETING", "AWS_LAMBDA_FUNCTION_NAME", "HOME", "AWS_ENDPOINT_URL")
def handler(event, context):
    print("said on stdout")
    time.sleep(event.get("sleep", 0))
    return {
        "pid": os.getpid(), "event": event, "id": context.aws_request_id, "name": context.function_name,
        "left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb, "version": context.function_version,
        "environment": {key: os.environ.get(key) for key in NAMES},
    }
"""
MISBEHAVE = """
import os, sys, time
def handler(event, context):
    kind = event["kind"]
    if kind == "raise":
        raise ValueError("no such case")
    if kind == "hang":
        time.sleep(60)
    if kind == "exit":
        sys.exit(4)
    if kind == "die":
        os._exit(5)
    if kind == "kill":
        os.kill(os.getpid(), 9)
    if kind == "unserialisable":
        return object()
    if kind == "huge":
        return "x" * (6 * 1024 * 1024 + 100)
    return "fine"
"""


def invoke(server: Any, name: str, event: Any, **options: Any) -> tuple[Any, str | None]:
    answer = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **options)
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


@pytest.fixture(scope="module")
def show(local_aws_server: Any, make_function: Callable[..., str]) -> str:
    settings = {"Timeout": 20, "MemorySize": 256, "Environment": {"Variables": {"GREETING": "hello"}}}
    return make_function(local_aws_server, SHOW, **settings)


@pytest.fixture(scope="module")
def misbehave(local_aws_server: Any, make_function: Callable[..., str]) -> str:
    return make_function(local_aws_server, MISBEHAVE, Timeout=1)


def test_handler_gets_event_context_and_environment(local_aws_server: Any, show: str) -> None:
    result, error = invoke(local_aws_server, show, {"a": [1, None, "ü"]})
    assert error is None
    assert result["event"] == {"a": [1, None, "ü"]}
    assert (result["name"], result["memory"], result["version"]) == (show, "256", "$LATEST")
    assert result["arn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{show}"
    assert 15_000 < result["left"] <= 20_000
    assert result["environment"] == {
        "GREETING": "hello",
        "AWS_LAMBDA_FUNCTION_NAME": show,
        "HOME": None,
        "AWS_ENDPOINT_URL": local_aws_server.url,
    }


def test_warm_process_is_used_again_but_never_by_two_at_once(local_aws_server: Any, show: str) -> None:
    first, second = (invoke(local_aws_server, show, {})[0]["pid"] for _ in range(2))
    assert first == second
    pids: list[int] = []

    def work() -> None:
        pids.append(invoke(local_aws_server, show, {"sleep": 1})[0]["pid"])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(pids)) == 3


def test_names_arns_and_partial_arns_mean_the_function(local_aws_server: Any, show: str) -> None:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{show}"
    for reference in (show, arn, f"{arn}:$LATEST", f"123456789012:function:{show}"):
        assert invoke(local_aws_server, reference, {})[0]["name"] == show


def test_log_tail_holds_what_this_invocation_said(local_aws_server: Any, show: str) -> None:
    client = local_aws_server.client("lambda")
    tail = base64.b64decode(client.invoke(FunctionName=show, Payload=b"{}", LogType="Tail")["LogResult"]).decode()
    lines = tail.splitlines()
    assert lines[0].startswith("START RequestId: ")
    assert lines[1] == "said on stdout"
    assert lines[-1].startswith("REPORT RequestId: ")
    assert (local_aws_server.state_dir / "logs" / "lambda" / f"{show}.log").exists()


def test_error_of_the_handler_keeps_its_class_and_the_process(local_aws_server: Any, misbehave: str) -> None:
    result, error = invoke(local_aws_server, misbehave, {"kind": "raise"})
    assert error == "Unhandled"
    assert (result["errorType"], result["errorMessage"]) == ("ValueError", "no such case")
    assert 'raise ValueError("no such case")' in result["stackTrace"][-1]
    assert "bootstrap" not in "".join(result["stackTrace"])


def test_hanging_handler_is_ended_at_its_time_out(local_aws_server: Any, misbehave: str) -> None:
    invoke(local_aws_server, misbehave, {"kind": "none"})
    started = time.monotonic()
    result, error = invoke(local_aws_server, misbehave, {"kind": "hang"})
    assert time.monotonic() - started < 30
    assert (error, result["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert result["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert invoke(local_aws_server, misbehave, {"kind": "none"}) == ("fine", None)


@pytest.mark.parametrize(
    ("kind", "error_type", "message"),
    [
        ("exit", "Runtime.ExitError", "exit status 4"),
        ("die", "Runtime.ExitError", "exit status 5"),
        ("kill", "Runtime.ExitError", "signal: killed"),
        ("unserialisable", "Runtime.MarshalError", "not JSON serializable"),
        ("huge", "Function.ResponseSizeTooLarge", "exceeded maximum allowed payload size"),
    ],
)
def test_other_ways_to_fail_are_named_and_the_next_call_works(
    local_aws_server: Any, misbehave: str, kind: str, error_type: str, message: str
) -> None:
    result, error = invoke(local_aws_server, misbehave, {"kind": kind})
    assert (error, result["errorType"]) == ("Unhandled", error_type)
    assert message in result["errorMessage"]
    assert invoke(local_aws_server, misbehave, {"kind": "none"}) == ("fine", None)


@pytest.mark.parametrize(
    ("source", "handler", "error_type"),
    [
        ("import no_such_package", "app.handler", "Runtime.ImportModuleError"),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound"),
        ("def broken(:", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("raise RuntimeError('at import')", "app.handler", "RuntimeError"),
        ("x = 1", "elsewhere.handler", "Runtime.ImportModuleError"),
    ],
)
def test_code_that_cannot_be_loaded_is_named(
    local_aws_server: Any, make_function: Callable[..., str], source: str, handler: str, error_type: str
) -> None:
    name = make_function(local_aws_server, source, Handler=handler)
    result, error = invoke(local_aws_server, name, {})
    assert (error, result["errorType"]) == ("Unhandled", error_type)


def test_event_invocation_returns_at_once_and_is_retried(
    local_aws_server: Any, make_function: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    source = """
import json, pathlib
def handler(event, context):
    file = pathlib.Path(event["file"])
    attempts = json.loads(file.read_text()) if file.exists() else 0
    file.write_text(json.dumps(attempts + 1))
    if attempts < 2:
        raise RuntimeError("not yet")
"""
    name = make_function(local_aws_server, source)
    file = local_aws_server.state_dir / "attempts"
    client = local_aws_server.client("lambda")
    payload = json.dumps({"file": str(file)})
    assert client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)["StatusCode"] == 202
    eventually(lambda: file.exists() and file.read_text() == "3")


def test_dry_run_and_refusals(local_aws_server: Any, show: str) -> None:
    client = local_aws_server.client("lambda")
    assert client.invoke(FunctionName=show, InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName=show, Payload=b"{not json")
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName=show, Payload=json.dumps("x" * (6 * 1024 * 1024)))
    with pytest.raises(client.exceptions.ResourceNotFoundException) as raised:
        client.invoke(FunctionName="nobody", Payload=b"{}")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError):
        client.invoke(FunctionName=show, InvocationType="Sometimes", Payload=b"{}")
