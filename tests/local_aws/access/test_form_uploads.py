"""An upload by a web form is asked for permission like any other.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from local_server import LocalServer
from role_sessions import allow, refused, role, session
from werkzeug.test import EnvironBuilder

pytestmark = pytest.mark.stack


def send(request: AWSRequest) -> tuple[int, bytes]:
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, answer.content


def upload(client: Any, key: str, file: str = "f.txt", **fields: str) -> tuple[int, bytes]:
    form = client.generate_presigned_post("forms", key, Fields=fields or None, Conditions=[fields] if fields else None)
    data = {**form["fields"], "file": (io.BytesIO(b"content"), file)}
    environ = EnvironBuilder(method="POST", data=data).get_environ()
    headers = {"Content-Type": environ["CONTENT_TYPE"], "Content-Length": environ["CONTENT_LENGTH"]}
    return send(AWSRequest("POST", form["url"], headers, environ["wsgi.input"].read()))


@pytest.fixture(scope="module")
def operator(server: LocalServer) -> Any:
    client = server.client("s3")
    client.create_bucket(Bucket="forms")
    return client


def test_a_form_is_sent_by_the_role_that_signed_it(server: LocalServer, operator: Any) -> None:
    status, body = upload(session(server, role(server, "forms-nothing"))("s3"), "open/refused")
    assert status == 403
    assert b"<Code>AccessDenied</Code>" in body
    assert b"assumed-role/forms-nothing/tester is not authorized to perform: s3:PutObject" in body
    writer = session(server, role(server, "forms-writer", allow("s3:PutObject", "arn:aws:s3:::forms/open/*")))("s3")
    assert upload(writer, "open/${filename}")[0] == 204
    assert upload(writer, "open/public", acl="public-read")[0] == 403
    assert upload(writer, "closed/a")[0] == 403
    assert upload(writer, "${filename}", file="name.txt")[0] == 403
    assert upload(operator, "closed/by-operator")[0] == 204
    keys = [each["Key"] for each in operator.list_objects_v2(Bucket="forms")["Contents"]]
    assert keys == ["closed/by-operator", "open/f.txt"]


def test_a_token_that_is_not_the_keys_is_refused(server: LocalServer, operator: Any) -> None:
    client = session(server, role(server, "forms-token", allow("s3:PutObject", "arn:aws:s3:::forms/*")))("s3")
    client._request_signer._credentials.token = "another"
    status, body = upload(client, "open/token")
    assert (status, b"ExpiredToken" in body) == (400, True)


def test_a_body_that_names_another_action_does_not_pass_for_it(server: LocalServer, operator: Any) -> None:
    arn = role(server, "forms-reader", allow("s3:GetObject", "*"), allow("dynamodb:GetItem", "*"))
    client = session(server, arn)("s3")
    frozen = client._request_signer._credentials.get_frozen_credentials()
    for headers in (
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"X-Amz-Target": "S3.GetObject"},
        {"X-Amz-Target": "DynamoDB_20120810.GetItem"},
    ):
        request = AWSRequest("PUT", f"{server.url}/forms/spoofed", headers, b"Action=GetObject")
        SigV4Auth(Credentials(*frozen), "s3", "us-east-1").add_auth(request)
        assert send(request)[0] == 403
    assert refused(operator.head_object, Bucket="forms", Key="spoofed")[0] == "404"
