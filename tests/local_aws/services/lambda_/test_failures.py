"""The failure matrix of functions: every way to end badly is named as Lambda names it, and harms nobody else.

https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html; messages are recorded behaviour.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack

SOURCE = """
import ctypes, os, pathlib, subprocess, sys, time
def handler(event, context):
    kind = event["kind"]
    if kind == "segfault":
        ctypes.string_at(0)
    if kind == "leave":
        os._exit(0)
    if kind == "print":
        for _ in range(20):
            print("x" * 1_000_000)
    if kind == "orphan":
        return subprocess.Popen(["sleep", "600"]).pid
    if kind == "size":
        return "x" * (event["bytes"] - 2)
    if kind == "close":
        os.closerange(3, 100)
    if kind == "wait":
        deadline = time.monotonic() + 28
        while not pathlib.Path(event["file"]).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    return "fine"
"""


def invoke(server: Any, name: str, **event: Any) -> tuple[Any, str | None]:
    answer = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


@pytest.fixture(scope="module")
def function(local_aws_server: Any, make_function: Callable[..., str]) -> str:
    return make_function(local_aws_server, SOURCE, Timeout=30)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("segfault", "Error: Runtime exited with error: signal: segmentation fault"),
        ("leave", "Error: Runtime exited without providing a reason"),
        ("close", "Error: Runtime exited with error: exit status 1"),
    ],
)
def test_processes_that_end_are_named_and_replaced(
    local_aws_server: Any, function: str, kind: str, message: str
) -> None:
    result, error = invoke(local_aws_server, function, kind=kind)
    assert (error, result["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert result["errorMessage"].endswith(message)
    assert result["errorMessage"].startswith("RequestId: ")
    assert invoke(local_aws_server, function, kind="none") == ("fine", None)


def test_response_may_have_six_megabytes_and_not_a_byte_more(local_aws_server: Any, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html; 6291556 is in Lambda's own message."""
    result, error = invoke(local_aws_server, function, kind="size", bytes=6_291_556)
    assert (len(result), error) == (6_291_554, None)
    result, error = invoke(local_aws_server, function, kind="size", bytes=6_291_557)
    assert (error, result["errorType"]) == ("Unhandled", "Function.ResponseSizeTooLarge")
    assert "(6291556 bytes)" in result["errorMessage"]
    result, error = invoke(local_aws_server, function, kind="size", bytes=7 * 1024 * 1024)
    assert result["errorType"] == "Function.ResponseSizeTooLarge"
    assert invoke(local_aws_server, function, kind="none") == ("fine", None)


def test_twenty_megabytes_of_output_neither_block_nor_reach_the_caller(local_aws_server: Any, function: str) -> None:
    answer = local_aws_server.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({"kind": "print"}), LogType="Tail"
    )
    assert json.loads(answer["Payload"].read()) == "fine"
    assert len(answer["LogResult"]) <= 4 * (4096 + 2) // 3


def test_what_a_function_started_ends_with_its_process(
    local_aws_server: Any, function: str, eventually: Callable[..., Any]
) -> None:
    pid, _ = invoke(local_aws_server, function, kind="orphan")
    assert Path(f"/proc/{pid}").exists()
    invoke(local_aws_server, function, kind="leave")
    invoke(local_aws_server, function, kind="leave")
    eventually(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("import sys\nsys.exit(3)", "Runtime.ExitError", "exit status 3"),
        ("import os\nos._exit(4)", "Runtime.ExitError", "exit status 4"),
        ("import ctypes\nctypes.string_at(0)", "Runtime.ExitError", "signal: segmentation fault"),
    ],
)
def test_initialisation_that_ends_the_process_is_named(
    local_aws_server: Any, make_function: Callable[..., str], source: str, kind: str, message: str
) -> None:
    name = make_function(local_aws_server, source)
    for _ in range(2):
        result, error = invoke(local_aws_server, name)
        assert (error, result["errorType"]) == ("Unhandled", kind)
        assert message in result["errorMessage"]


def test_too_many_at_once_are_throttled_and_events_wait_their_turn(
    local_aws_server: Any, make_function: Callable[..., str], tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    """Throttled events come again: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""
    go, done = tmp_path / "go", tmp_path / "done"
    source = f"""
import pathlib, time
def handler(event, context):
    if event == "event":
        pathlib.Path({str(done)!r}).touch()
        return None
    pathlib.Path({str(tmp_path)!r}, f"in-{{context.aws_request_id}}").touch()
    deadline = time.monotonic() + 55
    while not pathlib.Path({str(go)!r}).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return "fine"
"""
    name = make_function(local_aws_server, source, Timeout=60)
    client = local_aws_server.client("lambda")
    results: list[Any] = []
    lock = threading.Lock()

    def call() -> None:
        answer = json.loads(client.invoke(FunctionName=name, Payload=b'"wait"')["Payload"].read())
        with lock:
            results.append(answer)

    with ThreadPoolExecutor(16) as pool:
        for _ in range(16):
            pool.submit(call)
        eventually(lambda: len(list(tmp_path.glob("in-*"))) == 16)
        with pytest.raises(ClientError) as raised:
            client.invoke(FunctionName=name, Payload=b'"wait"')
        assert raised.value.response["Error"]["Code"] == "TooManyRequestsException"
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert client.invoke(FunctionName=name, InvocationType="Event", Payload=b'"event"')["StatusCode"] == 202
        with pytest.raises(ClientError):
            client.invoke(FunctionName=name, Payload=b'"wait"')
        assert not done.exists()
        go.touch()
    assert results == ["fine"] * 16
    eventually(done.exists)
