"""Objects that come and go are told to queues, topics, functions and the event bus.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_server import LocalServer
from remembering_function import KEEP

pytestmark = pytest.mark.stack


class Bucket:
    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.name = uuid.uuid4().hex
        self.s3, self.sqs, self.events = (server.client(name) for name in ("s3", "sqs", "events"))
        self.s3.create_bucket(Bucket=self.name)
        self.url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.queue = f"arn:aws:sqs:us-east-1:123456789012:{self.name}"

    def configure(self, **configuration: Any) -> None:
        self.s3.put_bucket_notification_configuration(Bucket=self.name, NotificationConfiguration=configuration)

    def told(self) -> dict[str, Any]:
        message = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=15)["Messages"][0]
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        body: dict[str, Any] = json.loads(message["Body"])
        return body

    def put(self, key: str, body: bytes = b"body") -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)


@pytest.fixture
def bucket(local_aws_server: LocalServer) -> Bucket:
    return Bucket(local_aws_server)


def test_queue_gets_a_test_event_and_then_what_its_filter_wants(bucket: Bucket) -> None:
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    bucket.configure(
        QueueConfigurations=[
            {
                "Id": "mine",
                "QueueArn": bucket.queue,
                "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                "Filter": {"Key": {"FilterRules": rules}},
            }
        ]
    )
    test = bucket.told()
    assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", bucket.name)
    for key in ("out/a.csv", "in/a.txt", "in/a b.csv"):
        bucket.put(key)
    bucket.s3.copy_object(Bucket=bucket.name, Key="in/copy.csv", CopySource=f"{bucket.name}/in/a.txt")
    upload = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="in/parts.csv")["UploadId"]
    part = {"Bucket": bucket.name, "Key": "in/parts.csv", "UploadId": upload}
    etag = bucket.s3.upload_part(**part, PartNumber=1, Body=b"x")["ETag"]
    bucket.s3.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]})
    bucket.s3.delete_object(Bucket=bucket.name, Key="in/copy.csv")
    records = [bucket.told()["Records"][0] for _ in range(4)]
    assert [(record["eventName"], record["s3"]["object"]["key"]) for record in records] == [
        ("ObjectCreated:Put", "in/a+b.csv"),
        ("ObjectCreated:Copy", "in/copy.csv"),
        ("ObjectCreated:CompleteMultipartUpload", "in/parts.csv"),
        ("ObjectRemoved:Delete", "in/copy.csv"),
    ]
    first = records[0]
    assert (first["s3"]["configurationId"], first["s3"]["bucket"]["name"]) == ("mine", bucket.name)
    assert (first["s3"]["object"]["size"], "size" in records[3]["s3"]["object"]) == (4, False)
    order = [record["s3"]["object"]["sequencer"] for record in records]
    assert order == sorted(order)


def test_versioned_bucket_tells_of_markers_and_of_deleted_versions(bucket: Bucket) -> None:
    bucket.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    bucket.configure(QueueConfigurations=[{"QueueArn": bucket.queue, "Events": ["s3:ObjectRemoved:*"]}])
    assert bucket.told()["Event"] == "s3:TestEvent"
    version = bucket.s3.put_object(Bucket=bucket.name, Key="k", Body=b"x")["VersionId"]
    marker = bucket.s3.delete_object(Bucket=bucket.name, Key="k")["VersionId"]
    bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": "k", "VersionId": version}]})
    told = [bucket.told()["Records"][0] for _ in range(2)]
    assert [(record["eventName"], record["s3"]["object"]["versionId"]) for record in told] == [
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", version),
    ]


def test_function_topic_and_bus_are_told(
    bucket: Bucket, make_function: Callable[..., str], tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    sns, seen = bucket.server.client("sns"), tmp_path / "seen"
    topic = sns.create_topic(Name=bucket.name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=bucket.queue, Attributes={"RawMessageDelivery": "true"})
    function = make_function(bucket.server, KEEP, Environment={"Variables": {"SEEN": str(seen)}})
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    bucket.configure(
        TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:Put"]}],
        LambdaFunctionConfigurations=[{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:Put"]}],
        EventBridgeConfiguration={},
    )
    assert bucket.told()["Event"] == "s3:TestEvent"
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket.name]}}}
    bucket.events.put_rule(Name=bucket.name, EventPattern=json.dumps(pattern))
    bucket.events.put_targets(Rule=bucket.name, Targets=[{"Id": "q", "Arn": bucket.queue}])
    bucket.put("k")
    bucket.s3.delete_object(Bucket=bucket.name, Key="k")
    record = json.loads(eventually(lambda: seen.exists() and seen.read_text()))["Records"][0]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "k")
    told = [bucket.told() for _ in range(3)]
    (from_topic,) = [each["Records"][0] for each in told if "Records" in each]
    assert from_topic["eventName"] == "ObjectCreated:Put"
    created, deleted = sorted((each for each in told if "detail" in each), key=lambda each: str(each["detail-type"]))
    assert (created["detail-type"], created["detail"]["reason"], created["detail"]["object"]["size"]) == (
        "Object Created", "PutObject", 4,
    )  # fmt: skip
    assert (deleted["detail-type"], deleted["detail"]["deletion-type"]) == ("Object Deleted", "Permanently Deleted")
    assert created["resources"] == [f"arn:aws:s3:::{bucket.name}"]


def test_what_was_acknowledged_is_told_after_a_kill(
    own_server: Callable[..., LocalServer],
    make_function: Callable[..., str],
    tmp_path: Path,
    eventually: Callable[..., Any],
) -> None:
    server, seen = own_server(), tmp_path / "seen"
    bucket = Bucket(server)
    function = make_function(server, KEEP, Environment={"Variables": {"SEEN": str(seen)}})
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    bucket.configure(LambdaFunctionConfigurations=[{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}])
    for number in range(10):
        bucket.put(str(number))
    server.kill()
    server.start()

    def told() -> set[str]:
        lines = seen.read_text().splitlines() if seen.exists() else []
        return {json.loads(line)["Records"][0]["s3"]["object"]["key"] for line in lines}

    eventually(lambda: len(told()) == 10)
