"""Queues, conditional writes and transactions against models of them, step by step, through the gateway."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError
from gateway_clients import client_of
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from local_aws.gateway import Gateway
from local_aws.moto_backend import MotoBackend

GATEWAY = Gateway(MotoBackend())
SQS, DYNAMODB, S3 = (client_of(GATEWAY, service) for service in ("sqs", "dynamodb", "s3"))
NUMBERS = itertools.count(1)
FEW = settings(max_examples=12, stateful_step_count=15, deadline=None)
KEYS = st.sampled_from(["a", "b", "c"])


class QueueLife(RuleBasedStateMachine):
    """A message is visible, or in flight under its newest handle, or gone for good.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
    """

    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        name = f"modelled-{next(NUMBERS)}"
        self.url = SQS.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
        self.visible: set[str] = set()
        self.in_flight: set[str] = set()

    @rule(count=st.integers(1, 4))
    def send(self, count: int) -> None:
        entries = [{"Id": str(number), "MessageBody": f"body-{number}"} for number in range(count)]
        answer = SQS.send_message_batch(QueueUrl=self.url, Entries=entries)
        self.visible |= {sent["MessageId"] for sent in answer["Successful"]}

    @rule(target=handles, most=st.integers(1, 10))
    def receive(self, most: int) -> Any:
        found = SQS.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most).get("Messages", [])
        received = {message["MessageId"] for message in found}
        assert len(received) == len(found) == min(most, len(self.visible))
        assert received <= self.visible
        self.visible -= received
        self.in_flight |= received
        return [(message["MessageId"], message["ReceiptHandle"]) for message in found]

    @rule(batch=consumes(handles))
    def delete(self, batch: Any) -> None:
        for message, handle in batch:
            SQS.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
            SQS.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
            self.in_flight.discard(message)

    @rule(batch=consumes(handles))
    def give_back(self, batch: Any) -> None:
        for message, handle in batch:
            SQS.change_message_visibility(QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=0)
            self.in_flight.discard(message)
            self.visible.add(message)

    @invariant()
    def the_counts_are_right(self) -> None:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = SQS.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        assert [int(attributes[name]) for name in names] == [len(self.visible), len(self.in_flight)]


class ConditionalWrites(RuleBasedStateMachine):
    """A write whose condition does not hold changes nothing, in a transaction nothing at all.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html
    """

    def __init__(self) -> None:
        super().__init__()
        self.table = f"modelled-{next(NUMBERS)}"
        DYNAMODB.create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.rows: dict[str, int] = {}

    @rule(key=KEYS, value=st.integers(0, 9))
    def put_new(self, key: str, value: int) -> None:
        request = {"Item": item(key, value), "ConditionExpression": "attribute_not_exists(id)"}
        if self.holds(key not in self.rows, DYNAMODB.put_item, request):
            self.rows[key] = value

    @rule(key=KEYS, value=st.integers(0, 9), expected=st.integers(0, 9))
    def replace_expected(self, key: str, value: int, expected: int) -> None:
        request = {
            "Item": item(key, value),
            "ConditionExpression": "#v = :expected",
            "ExpressionAttributeNames": {"#v": "value"},
            "ExpressionAttributeValues": {":expected": {"N": str(expected)}},
        }
        if self.holds(self.rows.get(key) == expected, DYNAMODB.put_item, request):
            self.rows[key] = value

    @rule(key=KEYS, by=st.integers(-3, 3))
    def add(self, key: str, by: int) -> None:
        DYNAMODB.update_item(TableName=self.table, **addition(key, by))
        self.rows[key] = self.rows.get(key, 0) + by

    @rule(key=KEYS)
    def delete_existing(self, key: str) -> None:
        request = {"Key": {"id": {"S": key}}, "ConditionExpression": "attribute_exists(id)"}
        if self.holds(key in self.rows, DYNAMODB.delete_item, request):
            del self.rows[key]

    @rule(kept=KEYS, changed=KEYS, value=st.integers(0, 9))
    def transact(self, kept: str, changed: str, value: int) -> None:
        """Two changes that happen together, if the third row is there."""
        if kept == changed:
            return
        check = {"TableName": self.table, "Key": {"id": {"S": kept}}, "ConditionExpression": "attribute_exists(id)"}
        new = f"{changed}-{kept}"
        puts = [{"Put": {"TableName": self.table, "Item": item(key, value)}} for key in (changed, new)]
        try:
            DYNAMODB.transact_write_items(TransactItems=[*puts, {"ConditionCheck": check}])
        except DYNAMODB.exceptions.TransactionCanceledException:
            assert kept not in self.rows
        else:
            assert kept in self.rows
            self.rows |= {changed: value, new: value}

    @invariant()
    def the_rows_are_those_of_the_model(self) -> None:
        found = DYNAMODB.scan(TableName=self.table, ConsistentRead=True)["Items"]
        assert {row["id"]["S"]: int(row["value"]["N"]) for row in found} == self.rows

    def holds(self, expected: bool, write: Any, request: dict[str, Any]) -> bool:
        try:
            write(TableName=self.table, **request)
        except DYNAMODB.exceptions.ConditionalCheckFailedException:
            assert not expected
            return False
        assert expected
        return True


class ConditionalObjects(RuleBasedStateMachine):
    """``If-None-Match: *`` and ``If-Match`` of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""

    def __init__(self) -> None:
        super().__init__()
        self.bucket = f"modelled-{next(NUMBERS)}"
        S3.create_bucket(Bucket=self.bucket)
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.old = '"0123456789abcdef0123456789abcdef"'

    @rule(key=KEYS, body=st.binary(max_size=20))
    def put_new(self, key: str, body: bytes) -> None:
        self.put(key, body, key not in self.objects, IfNoneMatch="*")

    @rule(key=KEYS, body=st.binary(max_size=20))
    def put_over_the_present(self, key: str, body: bytes) -> None:
        if key in self.objects:
            self.put(key, body, True, IfMatch=self.objects[key][1])

    @rule(key=KEYS, body=st.binary(max_size=20))
    def put_over_an_older(self, key: str, body: bytes) -> None:
        if key in self.objects and self.objects[key][1] != self.old:
            self.put(key, body, False, IfMatch=self.old)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        S3.delete_object(Bucket=self.bucket, Key=key)
        self.objects.pop(key, None)

    @invariant()
    def the_objects_are_those_of_the_model(self) -> None:
        listed = {each["Key"]: each["ETag"] for each in S3.list_objects_v2(Bucket=self.bucket).get("Contents", [])}
        assert listed == {key: etag for key, (_, etag) in self.objects.items()}
        for key, (body, _) in self.objects.items():
            assert S3.get_object(Bucket=self.bucket, Key=key)["Body"].read() == body

    def put(self, key: str, body: bytes, expected: bool, **condition: str) -> None:
        try:
            answer = S3.put_object(Bucket=self.bucket, Key=key, Body=body, **condition)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            assert not expected
            return
        assert expected
        if key in self.objects:
            self.old = self.objects[key][1]
        self.objects[key] = (body, answer["ETag"])


def item(key: str, value: int) -> dict[str, Any]:
    return {"id": {"S": key}, "value": {"N": str(value)}}


def addition(key: str, by: int) -> dict[str, Any]:
    return {
        "Key": {"id": {"S": key}},
        "UpdateExpression": "ADD #v :by",
        "ExpressionAttributeNames": {"#v": "value"},
        "ExpressionAttributeValues": {":by": {"N": str(by)}},
    }


@pytest.mark.parametrize("machine", [QueueLife, ConditionalWrites, ConditionalObjects])
def test_service_follows_its_model(machine: type[RuleBasedStateMachine]) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(machine, settings=FEW)
