"""What DynamoDB does and moto does not: transactions once for each token, and items that expire."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, eventually
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from local_aws import determinism
from local_aws.services.dynamodb import expiry, transactions

DAY = 86400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder: Path = tmp_path_factory.mktemp("dynamodb") / "state"
    with LocalServer(folder, variables={"LOCAL_AWS_TTL_SECONDS": "0.1"}) as made:
        yield made


def table(server: LocalServer, name: str, **settings: Any) -> Any:
    client = server.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **settings,
    )
    return client


def add(client: Any, name: str, token: str, amount: str = "1") -> None:
    client.transact_write_items(
        ClientRequestToken=token,
        TransactItems=[
            {
                "Update": {
                    "TableName": name,
                    "Key": {"id": {"S": "counter"}},
                    "UpdateExpression": "ADD n :n",
                    "ExpressionAttributeValues": {":n": {"N": amount}},
                }
            }
        ],
    )


def count(client: Any, name: str) -> str:
    return str(client.get_item(TableName=name, Key={"id": {"S": "counter"}})["Item"]["n"]["N"])


# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html, ClientRequestToken
@pytest.mark.stack
def test_a_token_changes_the_table_once_even_over_a_kill(server: LocalServer) -> None:
    client = table(server, "once")
    add(client, "once", "token-a")
    add(client, "once", "token-a")
    server.kill()
    server.start()
    add(client, "once", "token-a")
    assert count(client, "once") == "1"
    add(client, "once", "token-b")
    assert count(client, "once") == "2"
    with pytest.raises(ClientError) as refused:
        add(client, "once", "token-a", "5")
    assert refused.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"
    assert count(client, "once") == "2"


@pytest.mark.stack
def test_a_transaction_that_was_cancelled_may_be_tried_again_under_its_token(server: LocalServer) -> None:
    client = table(server, "again")
    conditional = [
        {
            "Put": {
                "TableName": "again",
                "Item": {"id": {"S": "second"}},
                "ConditionExpression": "attribute_not_exists(id)",
            }
        }
    ]
    client.put_item(TableName="again", Item={"id": {"S": "second"}})
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(ClientRequestToken="t", TransactItems=conditional)
    client.delete_item(TableName="again", Key={"id": {"S": "second"}})
    client.transact_write_items(ClientRequestToken="t", TransactItems=conditional)
    assert client.get_item(TableName="again", Key={"id": {"S": "second"}})["Item"]


def test_a_token_is_valid_for_ten_minutes() -> None:
    class Backend:
        pass

    class Handler:
        def __init__(self, backend: Backend) -> None:
            self.body = {"ClientRequestToken": "t", "TransactItems": []}
            self.dynamodb_backend = backend

    backend = Backend()
    ran: list[object] = []
    determinism.cover("dynamodb")
    for seconds in (0, 599, 600):
        with determinism.fixed((1_700_000_000 + seconds) * 10**9, 1):
            transactions.transact_once(ran.append, Handler(backend))  # type: ignore[arg-type]
    assert len(ran) == 2


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
@pytest.mark.stack
def test_expired_items_go_and_the_stream_names_the_service(server: LocalServer) -> None:
    stream = {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}
    client = table(server, "ending", StreamSpecification=stream)
    now = int(time.time())
    ends = {"over": str(now - 1), "running": str(now + DAY), "ancient": str(now - 6 * 365 * DAY)}
    for name, end in ends.items():
        client.put_item(TableName="ending", Item={"id": {"S": name}, "end": {"N": end}})
    client.put_item(TableName="ending", Item={"id": {"S": "text"}, "end": {"S": str(now - 1)}})
    setting = {"Enabled": True, "AttributeName": "end"}
    client.update_time_to_live(TableName="ending", TimeToLiveSpecification=setting)
    eventually(lambda: client.scan(TableName="ending")["Count"] == 3)
    server.kill()
    server.start()
    left = {item["id"]["S"] for item in client.scan(TableName="ending")["Items"]}
    assert left == {"running", "ancient", "text"}
    records = removed(server, "ending")
    assert [record["dynamodb"]["Keys"]["id"]["S"] for record in records] == ["over"]
    assert records[0]["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert "gave another answer" not in server.log()


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
@pytest.mark.stack
def test_an_update_that_creates_its_item_is_one_stream_record(server: LocalServer) -> None:
    client = table(server, "upserted", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    add(client, "upserted", "first")
    add(client, "upserted", "second")
    told = [(record["eventName"], record["dynamodb"]["NewImage"]["n"]["N"]) for record in streamed(server, "upserted")]
    assert told == [("INSERT", "1"), ("MODIFY", "2")]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in streamed(server, "upserted")]
    assert numbers[1] == numbers[0] + 1


@pytest.mark.parametrize(
    ("attribute", "over"),
    [
        ({"N": "1000"}, True),
        ({"N": "1001"}, False),
        ({"N": str(1000 - 5 * 365 * DAY - 1)}, False),
        ({"S": "1"}, False),
        (None, False),
    ],
)
def test_only_a_number_in_the_last_five_years_is_over(attribute: dict[str, str] | None, over: bool) -> None:
    assert expired(attribute, 1000) is over


def expired(attribute: dict[str, str] | None, now: float) -> bool:
    attributes = {} if attribute is None else {"end": attribute}
    item = Item(DynamoType({"S": "x"}), None, attributes)
    return expiry._is_over(item, "end", now)


def removed(server: LocalServer, name: str) -> list[dict[str, Any]]:
    return [record for record in streamed(server, name) if record["eventName"] == "REMOVE"]


def streamed(server: LocalServer, name: str) -> list[dict[str, Any]]:
    streams = server.client("dynamodbstreams")
    arn = server.client("dynamodb").describe_table(TableName=name)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return list(streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"])
