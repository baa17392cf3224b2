"""A refused transaction leaves everything as it was, at a cost that does not grow with the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models.table import Table

from local_aws.services.dynamodb import rollback

NAMES = {"#id": "id"}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made = boto3.client("dynamodb", region_name="us-east-1")
        for name, keys in (("plain", ["id"]), ("ranged", ["id", "n"])):
            made.create_table(
                TableName=name,
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
                ],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            )
            for value in ("a", "b"):
                made.put_item(TableName=name, Item={key: {"S": value} for key in keys} | {"v": {"S": "old"}})
        yield made


def changes(table: str, keys: list[str]) -> list[dict[str, Any]]:
    """A new item, one put over, one updated."""

    def key(value: str) -> dict[str, Any]:
        return {name: {"S": value} for name in keys}

    update = {
        "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "new"}}, "Key": key("b"),
    }  # fmt: skip
    return [
        {"Put": {"TableName": table, "Item": key("new")}},
        {"Put": {"TableName": table, "Item": key("a") | {"v": {"S": "new"}}}},
        {"Update": {"TableName": table, **update}},
    ]


def refused() -> dict[str, Any]:
    key = {"id": {"S": "nothing"}}
    condition = {"ConditionExpression": "attribute_exists(#id)", "ExpressionAttributeNames": NAMES}
    return {"ConditionCheck": {"TableName": "plain", "Key": key, **condition}}


def everything(client: Any) -> list[Any]:
    streams = boto3.client("dynamodbstreams", region_name="us-east-1")
    found = []
    for table in ("plain", "ranged"):
        arn = client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        begin = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        records = streams.get_records(ShardIterator=begin)["Records"]
        found += [client.scan(TableName=table)["Items"], [each["dynamodb"]["Keys"] for each in records]]
    return found


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html: all or nothing
def test_a_refused_transaction_leaves_items_and_streams_as_they_were(client: Any) -> None:
    before = everything(client)
    transaction = [*changes("plain", ["id"]), *changes("ranged", ["id", "n"]), refused()]
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=transaction)
    codes = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert codes == ["None"] * 6 + ["ConditionalCheckFailed"]
    assert everything(client) == before
    client.transact_write_items(TransactItems=transaction[:-1])
    assert everything(client) != before


def test_a_deleted_item_is_back_after_a_refusal(client: Any) -> None:
    before = everything(client)
    delete = {"Delete": {"TableName": "plain", "Key": {"id": {"S": "b"}}}}
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=[delete, refused()])
    assert everything(client) == before


def test_no_table_is_copied(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a whole table was copied")

    monkeypatch.setattr(Table, "__deepcopy__", fail, raising=False)
    client.transact_write_items(TransactItems=changes("plain", ["id"]))
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=[*changes("ranged", ["id", "n"]), refused()])
    assert rollback.models.copy.deepcopy({"a": []}) == {"a": []}
