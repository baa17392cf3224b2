"""A random program of calls to a ``local_aws`` that may be killed at any of them, beside a model of what must be there.

A call that was answered must show in the state for ever, exactly once. The one that was under way when the server
ended may show or not; the next look decides which, and from then on that must hold.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ChecksumError, EndpointConnectionError, HTTPClientError, IncompleteReadError
from botocore.parsers import ResponseParserError
from local_server import LocalServer

#: No connection, none any more, or half an answer.
KILLED = (EndpointConnectionError, HTTPClientError, ChecksumError, IncompleteReadError, ResponseParserError)
KEYS = "abc"
NOTICE = "notice-"
#: How many of a kind are looked at one by one.
NEWEST = 8
LONG_SECONDS = 3600


@dataclass
class Model:
    """``versions`` are S3's (version id, ETag), oldest first; ``sent`` is in the queue, ``held`` is received."""

    versions: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {key: [] for key in KEYS})
    bodies: dict[str, bytes] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    held: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    counter: int = 0
    stream: list[str] = field(default_factory=list)
    parameter: int = 0
    secret: str = ""
    ciphers: dict[bytes, bytes] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)


class Program:
    """``run`` until the server is killed, start it again, ``check``, and so on."""

    def __init__(self, server: LocalServer, seed: int) -> None:
        self.server, self.model, self.random = server, Model(), Random(seed)
        self.numbers = itertools.count(1)
        self._calls: list[Callable[[], None]] = [
            *(self.put, self.put, self.delete, self.send, self.send, self.receive, self.remove, self.publish),
            *(self.add, self.add, self.parameter, self.secret, self.encrypt, self.user),
        ]

    def prepare(self) -> None:
        client = self.server.client
        client("s3").create_bucket(Bucket="bucket")
        client("s3").put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
        self.queue = client("sqs").create_queue(QueueName="queue")["QueueUrl"]
        self.topic = client("sns").create_topic(Name="topic")["TopicArn"]
        arn = "arn:aws:sqs:us-east-1:123456789012:queue"
        raw = {"RawMessageDelivery": "true"}
        client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        client("dynamodb").create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        client("dynamodb").put_item(TableName="table", Item={"id": {"S": "counter"}, "n": {"N": "0"}})
        client("secretsmanager").create_secret(Name="secret", SecretString="s")
        self.pool = client("cognito-idp").create_user_pool(PoolName="pool")["UserPool"]["Id"]

    def run(self, seconds: float) -> bool:
        """Call until the server was killed; False if it still answered after so long."""
        deadline = time.monotonic() + seconds
        while not self.killed_in(self.random.choice(self._calls)):
            if time.monotonic() > deadline:
                return False
        return True

    @staticmethod
    def killed_in(call: Callable[[], None]) -> bool:
        try:
            call()
        except KILLED:
            return True
        return False

    def put(self) -> None:
        key, body = self.random.choice(KEYS), self.random.randbytes(self.random.choice((10, 10, 2_000, 100_000)))
        answer = self.server.client("s3").put_object(Bucket="bucket", Key=key, Body=body)
        self.model.versions[key].append((answer["VersionId"], answer["ETag"]))
        self.model.bodies[answer["VersionId"]] = body

    def delete(self) -> None:
        key = self.random.choice(KEYS)
        answer = self.server.client("s3").delete_object(Bucket="bucket", Key=key)
        if "VersionId" in answer:  # moto marks nothing as deleted where nothing was
            self.model.versions[key].append((answer["VersionId"], ""))

    def send(self) -> None:
        body = f"message-{next(self.numbers)}"
        self.model.doubtful.add(body)
        self.server.client("sqs").send_message(QueueUrl=self.queue, MessageBody=body)
        self._sent(body)

    def publish(self) -> None:
        body = f"{NOTICE}{next(self.numbers)}"
        self.model.doubtful.add(body)
        self.server.client("sns").publish(TopicArn=self.topic, Message=body)
        self._sent(body)

    def receive(self) -> None:
        before = set(self.model.sent)
        # Any one of them may have been received when the answer does not arrive.
        self.model.doubtful |= before
        self.model.sent -= before
        answer = self.server.client("sqs").receive_message(QueueUrl=self.queue, VisibilityTimeout=LONG_SECONDS)
        messages = answer.get("Messages", [])
        for message in messages:
            self._came(message["Body"])
            self.model.held[message["Body"]] = message["ReceiptHandle"]
        self.model.doubtful -= before
        self.model.sent |= before - {message["Body"] for message in messages}

    def remove(self) -> None:
        if self.model.held:
            body = self.random.choice(sorted(self.model.held))
            receipt = self.model.held.pop(body)
            self.model.gone.add(body)  # it is invisible for an hour, whether the deletion was kept or not
            self.server.client("sqs").delete_message(QueueUrl=self.queue, ReceiptHandle=receipt)

    def add(self) -> None:
        self.server.client("dynamodb").update_item(
            TableName="table",
            Key={"id": {"S": "counter"}},
            UpdateExpression="ADD #n :one",
            ExpressionAttributeNames={"#n": "n"},
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        self.model.counter += 1

    def parameter(self) -> None:
        value = str(next(self.numbers))
        answer = self.server.client("ssm").put_parameter(Name="/p", Value=value, Type="String", Overwrite=True)
        assert answer["Version"] == self.model.parameter + 1
        self.model.parameter = answer["Version"]

    def secret(self) -> None:
        answer = self.server.client("secretsmanager").put_secret_value(SecretId="secret", SecretString="s")
        self.model.secret = answer["VersionId"]

    def encrypt(self) -> None:
        kms, plain = self.server.client("kms"), self.random.randbytes(8)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        self.model.ciphers[kms.encrypt(KeyId=key, Plaintext=plain)["CiphertextBlob"]] = plain

    def user(self) -> None:
        name = f"user-{next(self.numbers)}"
        self.server.client("cognito-idp").admin_create_user(UserPoolId=self.pool, Username=name)
        self.model.users.add(name)

    def check(self) -> None:
        """After a start: all that was answered, and the call under way settled one way or the other."""
        for key in KEYS:
            self._check_versions(key)
        s3, client = self.server.client("s3"), self.server.client
        for version, body in list(self.model.bodies.items())[-NEWEST:]:
            key = next(key for key in KEYS if version in [found for found, _ in self.model.versions[key]])
            assert s3.get_object(Bucket="bucket", Key=key, VersionId=version)["Body"].read() == body
        item = (
            client("dynamodb").get_item(TableName="table", Key={"id": {"S": "counter"}}).get("Item", {"n": {"N": "0"}})
        )
        self.model.counter = settled(int(item["n"]["N"]), self.model.counter)
        self._check_stream()
        if self.model.parameter:
            version = client("ssm").get_parameter(Name="/p")["Parameter"]["Version"]
            self.model.parameter = settled(version, self.model.parameter)
        if self.model.secret:
            client("secretsmanager").get_secret_value(SecretId="secret", VersionId=self.model.secret)
        for cipher, plain in list(self.model.ciphers.items())[-NEWEST:]:
            assert client("kms").decrypt(CiphertextBlob=cipher)["Plaintext"] == plain
        for name in sorted(self.model.users)[-NEWEST:]:
            assert client("cognito-idp").admin_get_user(UserPoolId=self.pool, Username=name)["Enabled"]

    def check_queue(self) -> None:
        """At the end: every message that nobody received is there once, and none that was received."""
        sqs, found = self.server.client("sqs"), []
        request = {"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 2}
        while messages := sqs.receive_message(**request).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        single = [body for body in found if not body.startswith(NOTICE)]
        assert len(single) == len(set(single))
        late = {body for body in self.model.held.keys() | self.model.gone if body.startswith(NOTICE)}
        assert self.model.sent <= set(found) <= self.model.sent | self.model.doubtful | late

    def _sent(self, body: str) -> None:
        self.model.doubtful.discard(body)
        self.model.sent.add(body)

    def _came(self, body: str) -> None:
        # A topic delivers at least once: https://docs.aws.amazon.com/sns/latest/dg/sns-faqs.html
        assert body not in self.model.held or body.startswith(NOTICE)
        assert body not in self.model.gone or body.startswith(NOTICE)

    def _check_versions(self, key: str) -> None:
        answer = self.server.client("s3").list_object_versions(Bucket="bucket", Prefix=key)
        found = {entry["VersionId"]: entry["ETag"] for entry in answer.get("Versions", [])}
        found |= {entry["VersionId"]: "" for entry in answer.get("DeleteMarkers", [])}
        expected = dict(self.model.versions[key])
        extra = {version: tag for version, tag in found.items() if version not in expected}
        assert len(extra) <= 1
        assert {version: tag for version, tag in found.items() if version in expected} == expected
        self.model.versions[key] += extra.items()

    def _check_stream(self) -> None:
        found = [record["dynamodb"]["SequenceNumber"] for record in self._stream_records()]
        assert found[: len(self.model.stream)] == self.model.stream
        assert len(found) == 1 + self.model.counter
        assert [int(number) for number in found] == sorted({int(number) for number in found})
        self.model.stream = found

    def _stream_records(self) -> Iterator[dict[str, Any]]:
        streams = self.server.client("dynamodbstreams")
        arn = self.server.client("dynamodb").describe_table(TableName="table")["Table"]["LatestStreamArn"]
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while records := (answer := streams.get_records(ShardIterator=iterator))["Records"]:
                yield from records
                iterator = answer["NextShardIterator"]


def settled(found: int, answered: int) -> int:
    """What the call under way has become: all that was answered, and at most that one more."""
    assert found in (answered, answered + 1)
    return found
