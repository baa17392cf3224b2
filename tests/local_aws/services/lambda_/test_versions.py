"""Versions, aliases and reserved concurrency, as callers meet them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html, configuration-aliases.html,
configuring-alias-routing.html, configuration-concurrency.html; botocore model
"""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack


def source(answer: str) -> str:
    return f"""
import os, time
def handler(event, context):
    time.sleep(event.get("sleep", 0))
    return ["{answer}", context.function_version, context.invoked_function_arn.rsplit(":", 1)[1], os.getpid()]
"""


def zipped(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", text)
    return content.getvalue()


@pytest.fixture
def api(local_aws_server: Any) -> Any:
    return local_aws_server.client("lambda")


@pytest.fixture
def function(local_aws_server: Any, make_function: Callable[..., str]) -> str:
    """Two published versions: ``one`` is 1, ``two`` is 2 and $LATEST."""
    name = make_function(local_aws_server, source("one"), Publish=True)
    api = local_aws_server.client("lambda")
    api.update_function_code(FunctionName=name, ZipFile=zipped(source("two")))
    assert api.publish_version(FunctionName=name, Description="second")["Version"] == "2"
    return name


def called(api: Any, name: str, **more: Any) -> tuple[list[Any], str]:
    answer = api.invoke(FunctionName=name, **more)
    return json.loads(answer["Payload"].read()), answer["ExecutedVersion"]


def test_a_version_stays_what_it_was(api: Any, function: str) -> None:
    (first, version, last, pid), executed = called(api, function, Qualifier="1")
    assert (first, version, last, executed) == ("one", "1", "1", "1")
    assert called(api, f"{function}:2")[0][:2] == ["two", "2"]
    assert called(api, function)[0][:2] == ["two", "$LATEST"]
    assert called(api, function, Qualifier="1")[0][3] == pid  # another version's call ends no warm process
    listed = api.list_versions_by_function(FunctionName=function)["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]
    assert listed[2]["Description"] == "second"
    assert listed[1]["CodeSha256"] != listed[2]["CodeSha256"] == listed[0]["CodeSha256"]
    assert api.get_function(FunctionName=function, Qualifier="1")["Configuration"]["FunctionArn"].endswith(":1")


def test_nothing_new_is_not_published_and_no_number_is_given_twice(api: Any, function: str) -> None:
    assert api.publish_version(FunctionName=function)["Version"] == "2"
    api.delete_function(FunctionName=function, Qualifier="2")
    assert api.publish_version(FunctionName=function)["Version"] == "3"
    with pytest.raises(api.exceptions.ResourceNotFoundException):
        called(api, function, Qualifier="2")
    with pytest.raises(api.exceptions.InvalidParameterValueException):
        api.publish_version(FunctionName=function, CodeSha256="other")


def test_an_alias_points_shares_and_protects(api: Any, function: str) -> None:
    made = api.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    assert made["AliasArn"].endswith(f":{function}:live")
    assert called(api, function, Qualifier="live")[1] == "1"
    with pytest.raises(api.exceptions.ResourceConflictException):
        api.delete_function(FunctionName=function, Qualifier="1")
    for weight, versions in ((0.0, {"1"}), (1.0, {"2"}), (0.5, {"1", "2"})):
        routing = {"AdditionalVersionWeights": {"2": weight}}
        api.update_alias(FunctionName=function, Name="live", RoutingConfig=routing)
        # With a half, thirty calls to one version alone have a chance of one in half a billion.
        assert {called(api, function, Qualifier="live")[1] for _ in range(30)} == versions
    (listed,) = api.list_aliases(FunctionName=function, FunctionVersion="2")["Aliases"]
    assert listed == {
        key: value for key, value in api.get_alias(FunctionName=function, Name="live").items() if key in listed
    }
    api.delete_alias(FunctionName=function, Name="live")
    with pytest.raises(api.exceptions.ResourceNotFoundException):
        called(api, function, Qualifier="live")


def test_what_no_alias_can_be_is_refused(api: Any, function: str) -> None:
    for more, code in (
        ({"Name": "x", "FunctionVersion": "9"}, "ResourceNotFoundException"),
        (
            {
                "Name": "x",
                "FunctionVersion": "$LATEST",
                "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}},
            },
            "InvalidParameterValueException",
        ),
    ):
        with pytest.raises(ClientError, match=code):
            api.create_alias(FunctionName=function, **more)
    with pytest.raises(ClientError, match="leave the Qualifier out"):
        api.invoke(FunctionName=function, Qualifier="1", InvocationType="Event")


def test_reserved_concurrency_is_a_limit(api: Any, function: str, eventually: Callable[..., Any]) -> None:
    api.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    assert api.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"] == 1
    assert api.get_function(FunctionName=function)["Concurrency"] == {"ReservedConcurrentExecutions": 1}
    limits = api.get_account_settings()["AccountLimit"]
    assert limits["ConcurrentExecutions"] - limits["UnreservedConcurrentExecutions"] >= 1

    def throttled(**more: Any) -> bool:
        try:
            called(api, function, **more)
        except api.exceptions.TooManyRequestsException:
            return True
        return False

    def run_slowly() -> None:
        while throttled(Payload=b'{"sleep": 2}'):
            refused_first.set()

    refused_first = threading.Event()
    slow = threading.Thread(target=run_slowly)
    slow.start()
    eventually(lambda: refused_first.is_set() or throttled(Qualifier="1"), seconds=30.0)
    slow.join(60)
    assert called(api, function)[1] == "$LATEST"
    api.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    assert throttled()
    api.delete_function_concurrency(FunctionName=function)
    assert called(api, function)[1] == "$LATEST"
    with pytest.raises(api.exceptions.InvalidParameterValueException, match="below its minimum"):
        api.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=901)
