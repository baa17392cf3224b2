"""Logs of jobs and functions through boto3, while they run and after a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from local_server import LocalServer, eventually

pytestmark = pytest.mark.stack
SOURCE = "def handler(event, context):\n    print('handled', event['number'], context.log_stream_name)\n"


def test_a_functions_lines_are_in_its_log_group_and_outlive_the_server(
    own_server: Callable[..., LocalServer], make_function: Callable[..., str]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"""
    server = own_server()
    name = make_function(server, SOURCE)
    for number in (1, 2):
        server.client("lambda").invoke(FunctionName=name, Payload=f'{{"number": {number}}}'.encode())
    logs, group = server.client("logs"), f"/aws/lambda/{name}"
    found = logs.filter_log_events(logGroupName=group, filterPattern="handled")["events"]
    lines = [event["message"] for event in found]
    stream = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["logStreamName"]
    assert lines == [f"handled 1 {stream}", f"handled 2 {stream}"]
    assert "[$LATEST]" in stream
    assert "handled" not in server.log()
    server.kill()
    server.start()
    kept = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    texts = [event["message"] for event in kept["events"]]
    assert [text for text in texts if text.startswith("handled")] == lines
    assert texts[0].startswith("START RequestId: ")


def test_a_group_of_the_callers_own_stays_motos(local_aws_server: LocalServer) -> None:
    logs = local_aws_server.client("logs")
    logs.create_log_group(logGroupName="/mine")
    logs.create_log_stream(logGroupName="/mine", logStreamName="one")
    logs.put_log_events(
        logGroupName="/mine",
        logStreamName="one",
        logEvents=[{"timestamp": round(time.time() * 1000), "message": "hello"}],
    )

    def found() -> Any:
        return logs.get_log_events(logGroupName="/mine", logStreamName="one", startFromHead=True)["events"]

    assert [event["message"] for event in eventually(found)] == ["hello"]
    assert logs.describe_log_streams(logGroupName="/mine")["logStreams"][0]["logStreamName"] == "one"
    logs.delete_log_group(logGroupName="/mine")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.describe_log_streams(logGroupName="/mine")
