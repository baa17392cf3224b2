"""moto behind the gateway: safe for threads, patient, and honest about what it lacks."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack

THREADS, TIMES = 8, 100


def test_no_parallel_update_is_lost(local_aws_server: Any) -> None:
    dynamodb = local_aws_server.client("dynamodb")
    dynamodb.create_table(
        TableName="counters",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    failures: list[Exception] = []

    def work() -> None:
        for _ in range(TIMES):
            try:
                dynamodb.update_item(
                    TableName="counters",
                    Key={"id": {"S": "one"}},
                    UpdateExpression="ADD n :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    item = dynamodb.get_item(TableName="counters", Key={"id": {"S": "one"}})["Item"]
    assert item["n"] == {"N": str(THREADS * TIMES)}


def test_long_poll_lets_others_work_and_ends_with_the_message(local_aws_server: Any) -> None:
    sqs = local_aws_server.client("sqs")
    url = sqs.create_queue(QueueName="patient")["QueueUrl"]
    received: list[Any] = []

    def poll() -> None:
        received.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))

    thread = threading.Thread(target=poll)
    thread.start()
    started = time.monotonic()
    while time.monotonic() - started < 1:  # long enough that the poll has begun
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    sqs.send_message(QueueUrl=url, MessageBody="at last")
    thread.join(10)
    assert not thread.is_alive()
    assert time.monotonic() - started < 10
    assert received[0]["Messages"][0]["Body"] == "at last"


def test_poll_lasts_as_long_as_the_queue_says(local_aws_server: Any) -> None:
    sqs = local_aws_server.client("sqs")
    url = sqs.create_queue(QueueName="waits", Attributes={"ReceiveMessageWaitTimeSeconds": "1"})["QueueUrl"]
    started = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert 0.9 <= time.monotonic() - started < 5
    started = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0)
    assert time.monotonic() - started < 0.9


@pytest.mark.parametrize(
    ("service", "method", "arguments", "code"),
    [
        ("dynamodb", "list_global_tables", {}, "UnknownOperationException"),
        ("sns", "get_sms_sandbox_account_status", {}, "InvalidAction"),
        ("cloudtrail", "lookup_events", {}, "UnknownOperationException"),
        ("mwaa", "list_environments", {}, "UnknownOperationException"),
        ("stepfunctions", "list_map_runs", {"executionArn": "arn:none"}, None),
        ("lambda", "list_layers", {}, "UnknownOperationException"),
        ("cloudformation", "list_types", {}, "InvalidAction"),
    ],
)
def test_what_nobody_provides_answers_in_the_shape_of_aws(
    local_aws_server: Any, service: str, method: str, arguments: dict[str, Any], code: str | None
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(local_aws_server.client(service), method)(**arguments)
    response = raised.value.response
    assert 400 <= response["ResponseMetadata"]["HTTPStatusCode"] < 500
    assert code in (None, response["Error"]["Code"])


def test_s3_objects_that_are_web_pages_pass_untouched(local_aws_server: Any) -> None:
    s3 = local_aws_server.client("s3")
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="index.html", Body=b"<!doctype html><p>hello", ContentType="text/html")
    assert s3.get_object(Bucket="pages", Key="index.html")["Body"].read() == b"<!doctype html><p>hello"
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="pages", Key="missing.html")
    assert s3.head_object(Bucket="pages", Key="index.html")["ContentLength"] == 23


def test_presigned_url_reaches_the_object(local_aws_server: Any) -> None:
    import urllib.request

    s3 = local_aws_server.client("s3")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="a b+c", Body=b"content")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "a b+c"})
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"content"


def test_multipart_upload_and_conditional_write(local_aws_server: Any) -> None:
    s3 = local_aws_server.client("s3")
    s3.create_bucket(Bucket="parts")
    upload = s3.create_multipart_upload(Bucket="parts", Key="big")["UploadId"]
    bodies = [b"a" * (5 * 1024 * 1024), b"b" * 1024]
    parts = []
    for number, body in enumerate(bodies, 1):
        etag = s3.upload_part(Bucket="parts", Key="big", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(Bucket="parts", Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket="parts", Key="big")["Body"].read() == b"".join(bodies)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="parts", Key="big", Body=b"", IfNoneMatch="*")
