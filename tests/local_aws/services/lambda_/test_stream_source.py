"""How a stream source retries, splits, and gives up; what it tells of records that are given up.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from local_aws.api import ApiError, Context
from local_aws.services.deliveries.orders import KIND as ORDERS
from local_aws.services.lambda_ import discards, stream_source
from local_aws.services.lambda_.stream_source import StreamSource
from local_aws.services.lambda_.worker import Outcome

QUEUE = "arn:aws:sqs:us-east-1:123456789012:given-up"
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"


class Bench:
    """A source whose function fails for every batch that holds a number it cannot bear."""

    def __init__(self, aws: Context, unbearable: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.aws, self.batches = aws, list[list[str]]()

        def deliver(aws: Context, mapping: dict[str, Any], records: list[dict[str, Any]]) -> Outcome:
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            self.batches.append(numbers)
            return Outcome(b"null", bool(unbearable & set(numbers)), b"")

        monkeypatch.setattr(stream_source, "deliver", deliver)
        monkeypatch.setattr(stream_source, "FIRST_RETRY_SECONDS", 0.001)

    def settle(self, *numbers: str, ages: dict[str, float] | None = None, **settings: Any) -> bool:
        mapping = {
            "UUID": "u",
            "EventSourceArn": STREAM,
            "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "FunctionResponseTypes": [],
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
            **settings,
        }
        now = time.time()
        records = [
            {"dynamodb": {"SequenceNumber": each, "ApproximateCreationDateTime": now - (ages or {}).get(each, 0)}}
            for each in numbers
        ]
        source = StreamSource(self.aws, mapping)
        return source._settle(source._young(records), threading.Event())

    def given_up(self) -> list[tuple[str, str, str, int]]:
        told = [json.loads(order["payload"]) for _, order in self.aws.store.list(ORDERS)]
        return [
            (
                each["DDBStreamBatchInfo"]["startSequenceNumber"],
                each["DDBStreamBatchInfo"]["endSequenceNumber"],
                each["requestContext"]["condition"],
                each["requestContext"]["approximateInvokeCount"],
            )
            for each in told
        ]


@pytest.fixture
def bench(make_context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(make_context(), {"3"}, monkeypatch)


def test_batch_is_given_up_after_its_retries(bench: Bench) -> None:
    assert bench.settle("1", "2", "3", MaximumRetryAttempts=2)
    assert bench.batches == [["1", "2", "3"]] * 3
    assert bench.given_up() == [("1", "3", "RetryAttemptsExhausted", 3)]


def test_bisecting_finds_the_record_that_fails(bench: Bench) -> None:
    assert bench.settle("1", "2", "3", "4", MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    assert bench.batches == [["1", "2", "3", "4"], ["1", "2"], ["3", "4"], ["3"], ["4"]]
    assert bench.given_up() == [("3", "3", "RetryAttemptsExhausted", 1)]


def test_old_records_are_given_up_without_a_call(bench: Bench) -> None:
    assert bench.settle("1", "2", ages={"1": 100.0}, MaximumRecordAgeInSeconds=60)
    assert bench.batches == [["2"]]
    assert bench.given_up() == [("1", "1", "RecordAgeExceeded", 0)]


def test_destination_that_cannot_be_reached_is_refused() -> None:
    for arn in (QUEUE + ".fifo", "arn:aws:s3:::bucket"):
        with pytest.raises(ApiError, match="is invalid here"):
            discards.check_destination({"OnFailure": {"Destination": arn}})
    discards.check_destination({"OnFailure": {"Destination": QUEUE}})
    discards.check_destination(None)


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html, filter for functions
def test_a_function_sees_who_deleted_an_expired_item() -> None:
    source = StreamSource(None, {"EventSourceArn": STREAM})  # type: ignore[arg-type]
    identity = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    record = source._record({"eventName": "REMOVE", "userIdentity": identity})
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert "userIdentity" not in source._record({"eventName": "INSERT"})
