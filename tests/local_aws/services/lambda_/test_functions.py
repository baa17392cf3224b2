"""Creating, changing and removing functions."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack

SOURCE = "arn:aws:events:us-east-1:123456789012:rule/r"
ROLE = "arn:aws:iam::123456789012:role/function"


def archive(text: str, name: str = "app.py") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr(name, text)
    return content.getvalue()


def answering(value: int) -> str:
    return f"def handler(event, context):\n    return {value}\n"


def result(server: Any, name: str) -> Any:
    return json.loads(server.client("lambda").invoke(FunctionName=name, Payload=b"{}")["Payload"].read())


def test_new_code_is_used_by_the_next_invocation(local_aws_server: Any, make_function: Callable[..., str]) -> None:
    client = local_aws_server.client("lambda")
    name = make_function(local_aws_server, answering(1))
    assert result(local_aws_server, name) == 1
    code = archive(answering(2))
    made = client.update_function_code(FunctionName=name, ZipFile=code)
    assert base64.b64decode(made["CodeSha256"]) == hashlib.sha256(code).digest()
    assert made["CodeSize"] == len(code)
    assert result(local_aws_server, name) == 2


def test_code_from_s3(local_aws_server: Any) -> None:
    client, s3 = local_aws_server.client("lambda"), local_aws_server.client("s3")
    s3.create_bucket(Bucket="function-code")
    s3.put_object(Bucket="function-code", Key="app.zip", Body=archive(answering(7)))
    request = {"FunctionName": "from-s3", "Role": ROLE, "Runtime": "python3.11", "Handler": "app.handler"}
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="NoSuchKey"):
        client.create_function(Code={"S3Bucket": "function-code", "S3Key": "other.zip"}, **request)
    client.create_function(Code={"S3Bucket": "function-code", "S3Key": "app.zip"}, **request)
    assert result(local_aws_server, "from-s3") == 7


def test_configuration_is_changed_in_part(local_aws_server: Any, make_function: Callable[..., str]) -> None:
    client = local_aws_server.client("lambda")
    name = make_function(
        local_aws_server, "import os\ndef handler(event, context):\n    return os.environ.get('GREETING')\n"
    )
    assert result(local_aws_server, name) is None
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"GREETING": "b"}})
    assert result(local_aws_server, name) == "b"
    configuration = client.get_function_configuration(FunctionName=name)
    assert (configuration["Timeout"], configuration["State"]) == (30, "Active")
    assert client.get_waiter("function_updated_v2").wait(FunctionName=name) is None


def test_duplicate_missing_and_deleted_functions(local_aws_server: Any, make_function: Callable[..., str]) -> None:
    client = local_aws_server.client("lambda")
    name = make_function(local_aws_server, answering(1))
    assert name in [each["FunctionName"] for each in client.list_functions()["Functions"]]
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_function(
            FunctionName=name, Role=ROLE, Runtime="python3.11", Handler="a.b", Code={"ZipFile": archive("")}
        )
    client.delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=name)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (b"not a zip", "Could not unzip"),
        (archive("x", "../outside.py"), "outside the code"),
    ],
)
def test_bad_archives_are_refused(local_aws_server: Any, code: bytes, problem: str) -> None:
    client = local_aws_server.client("lambda")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=problem):
        client.create_function(
            FunctionName="bad", Role=ROLE, Runtime="python3.11", Handler="a.b", Code={"ZipFile": code}
        )


def test_other_runtimes_and_missing_members_are_refused(local_aws_server: Any) -> None:
    client = local_aws_server.client("lambda")
    request = {"FunctionName": "bad", "Role": ROLE, "Handler": "a.b", "Code": {"ZipFile": archive("")}}
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="only Python"):
        client.create_function(Runtime="nodejs20.x", **request)
    with pytest.raises(ClientError, match="enum value set"):
        client.create_function(Runtime="cobol", **request)


def test_permissions_are_kept_and_shown(local_aws_server: Any, make_function: Callable[..., str]) -> None:
    client = local_aws_server.client("lambda")
    name = make_function(local_aws_server, answering(1))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)
    request = {"FunctionName": name, "StatementId": "s", "Action": "lambda:InvokeFunction"}
    client.add_permission(Principal="events.amazonaws.com", SourceArn=SOURCE, **request)
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.add_permission(Principal="events.amazonaws.com", **request)
    statement = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"][0]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": SOURCE}}
    client.remove_permission(FunctionName=name, StatementId="s")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)
