"""moto behind the gateway: safe for threads, patient, and honest about what it lacks."""

from __future__ import annotations

import threading
import time
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.moto_backend import MotoBackend

THREADS, TIMES = 8, 100


class Busy:
    """An application that notices when it is entered twice at a time."""

    def __init__(self) -> None:
        self.inside, self.most = 0, 0

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.02)
        self.inside -= 1
        start("200 OK", [])
        return [b""]


@pytest.mark.parametrize(
    ("services", "most"), [(("dynamodb", "dynamodb"), 1), (("sns", "sqs"), 1), (("s3", "dynamodb"), 2)]
)
def test_one_request_at_a_time_enters_what_it_may_change(
    monkeypatch: pytest.MonkeyPatch, services: tuple[str, str], most: int
) -> None:
    backend, busy = MotoBackend(), Busy()
    monkeypatch.setattr(backend, "_application", busy)

    def work(service: str) -> None:
        for _ in range(5):
            backend.serve(service, "PutItem", {"REQUEST_METHOD": "POST"}, b"")

    threads = [threading.Thread(target=work, args=(service,)) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert busy.most == most


@pytest.mark.stack
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


@pytest.mark.stack
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
    thread.join(60)
    assert not thread.is_alive()
    assert time.monotonic() - started < 18  # the poll alone would last 20 s
    assert received[0]["Messages"][0]["Body"] == "at last"


@pytest.mark.stack
def test_poll_lasts_as_long_as_the_queue_says(local_aws_server: Any) -> None:
    sqs = local_aws_server.client("sqs")
    url = sqs.create_queue(QueueName="waits", Attributes={"ReceiveMessageWaitTimeSeconds": "1"})["QueueUrl"]
    started = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert 0.9 <= time.monotonic() - started < 15
    started = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0)
    assert time.monotonic() - started < 0.9


@pytest.mark.stack
@pytest.mark.parametrize(
    ("service", "method", "arguments", "code"),
    [
        ("dynamodb", "list_global_tables", {}, "UnknownOperationException"),
        ("sns", "get_sms_sandbox_account_status", {}, "InvalidAction"),
        ("athena", "list_application_dpu_sizes", {}, "UnknownOperationException"),
        ("devicefarm", "list_projects", {}, "UnknownOperationException"),
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


@pytest.mark.stack
def test_s3_objects_that_are_web_pages_pass_untouched(local_aws_server: Any) -> None:
    s3 = local_aws_server.client("s3")
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="index.html", Body=b"<!doctype html><p>hello", ContentType="text/html")
    assert s3.get_object(Bucket="pages", Key="index.html")["Body"].read() == b"<!doctype html><p>hello"
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="pages", Key="missing.html")
    assert s3.head_object(Bucket="pages", Key="index.html")["ContentLength"] == 23


@pytest.mark.stack
def test_presigned_url_reaches_the_object(local_aws_server: Any) -> None:
    s3 = local_aws_server.client("s3")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="a b+c", Body=b"content")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "a b+c"})
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"content"


@pytest.mark.stack
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
