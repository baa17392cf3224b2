"""A DynamoDB stream as an event source: in order, from a checkpoint, with bounded retries."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from local_aws.api import Context
from local_aws.services.lambda_.discards import EXHAUSTED, TOO_OLD, discard
from local_aws.services.lambda_.filters import matches
from local_aws.services.lambda_.pollers import KIND, deliver, failed_items

logger = logging.getLogger(__name__)

CHECKPOINT_KIND = "lambda_checkpoint"
#: Lambda polls a shard four times a second (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
POLL_SECONDS = 0.25
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 30.0
RECORDS_OF_A_REQUEST = 1000


class StreamSource:
    """Delivers each record at least once, and gives one up only when ``MaximumRetryAttempts`` are used up.

    The checkpoint in the store is the sequence number of the last record that is settled.
    """

    def __init__(self, aws: Context, mapping: dict[str, Any]) -> None:
        self._aws = aws
        self._mapping = mapping
        self._iterator: str | None = None
        self._shard = ""

    def __str__(self) -> str:
        return str(self._mapping["EventSourceArn"])

    def poll_once(self, stopping: threading.Event) -> None:
        if self._iterator is None:
            self._iterator = self._open()
        limit = min(self._mapping["BatchSize"], RECORDS_OF_A_REQUEST)
        try:
            answer = self._aws.client("dynamodbstreams").get_records(ShardIterator=self._iterator, Limit=limit)
        except ClientError:
            self._iterator = None  # it does not survive a restart of moto
            raise
        records = answer["Records"]
        if not records:
            stopping.wait(POLL_SECONDS)
            return
        wanted = [record for record in (self._record(each) for each in records) if matches(self._mapping, record)]
        wanted = self._young(wanted)
        if wanted and not self._settle(wanted, stopping):
            self._iterator = None
            return
        self._checkpoint(records[-1]["dynamodb"]["SequenceNumber"])
        self._iterator = answer.get("NextShardIterator")

    def _open(self) -> str:
        """An iterator after the checkpoint, or at the mapping's starting position."""
        streams, arn = self._aws.client("dynamodbstreams"), self._mapping["EventSourceArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        self._shard = shard
        place = {"StreamArn": arn, "ShardId": shard}
        kept = self._aws.store.get(CHECKPOINT_KIND, self._mapping["UUID"])
        if kept is None:
            position = self._mapping["StartingPosition"]
            if position == "LATEST":
                self._checkpoint(self._last_sequence_number(place))
                return self._open()
            return str(streams.get_shard_iterator(**place, ShardIteratorType=position)["ShardIterator"])
        # A kill may have taken the table's last second with it: never wait for numbers that will be used again.
        last = min(int(kept["sequence_number"]), int(self._last_sequence_number(place)))
        iterator = streams.get_shard_iterator(
            **place, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=str(last)
        )
        return str(iterator["ShardIterator"])

    def _last_sequence_number(self, place: dict[str, str]) -> str:
        """The newest record's number; one less than the shard's first when it has none."""
        streams = self._aws.client("dynamodbstreams")
        iterator = streams.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        last: str | None = None
        while records := (answer := streams.get_records(ShardIterator=iterator, Limit=RECORDS_OF_A_REQUEST))["Records"]:
            last, iterator = records[-1]["dynamodb"]["SequenceNumber"], answer["NextShardIterator"]
        if last is not None:
            return last
        shard = streams.describe_stream(StreamArn=place["StreamArn"])["StreamDescription"]["Shards"][0]
        return str(int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) - 1)

    def _settle(self, records: list[dict[str, Any]], stopping: threading.Event) -> bool:
        """Deliver until all is done or given up; False when told to stop before."""
        attempts = self._mapping.get("MaximumRetryAttempts", -1)
        tried, pause = 0, FIRST_RETRY_SECONDS
        while records:
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            outcome = deliver(self._aws, self._mapping, records)
            failed = failed_items(self._mapping, outcome, numbers)
            if not failed:
                return True
            # Everything from the first failure on comes again, as on AWS.
            remaining = records[numbers.index(failed[0]) :]
            tried = tried + 1 if len(remaining) == len(records) else 1
            records = remaining
            if stopping.is_set():
                return False
            if self._mapping.get("BisectBatchOnFunctionError") and outcome.failed and len(records) > 1:
                half = len(records) // 2
                return self._settle(records[:half], stopping) and self._settle(records[half:], stopping)
            records = self._young(records, tried)
            if records and 0 <= attempts < tried:
                self._give_up(records, EXHAUSTED, tried)
                return True
            if stopping.wait(pause):
                return False
            pause = min(pause * 2, LONGEST_RETRY_SECONDS)
        return True

    def _young(self, records: list[dict[str, Any]], tried: int = 0) -> list[dict[str, Any]]:
        """Without the records that are older than ``MaximumRecordAgeInSeconds``, which are given up."""
        age = self._mapping.get("MaximumRecordAgeInSeconds", -1)
        if age < 0:
            return records
        limit = time.time() - age
        old = [each for each in records if each["dynamodb"].get("ApproximateCreationDateTime", limit) < limit]
        if old:
            self._give_up(old, TOO_OLD, tried)
        return [each for each in records if each not in old]

    def _give_up(self, records: list[dict[str, Any]], condition: str, tried: int) -> None:
        logger.warning("%d records of %s are given up after %d attempts", len(records), self, tried)
        with self._aws.store.transaction():
            discard(self._aws, self._mapping, self._shard, records, condition, tried)

    def _checkpoint(self, number: str) -> None:
        with self._aws.store.transaction():
            if self._aws.store.get(KIND, self._mapping["UUID"]) is not None:
                self._aws.store.put(
                    CHECKPOINT_KIND, self._mapping["UUID"], {"sequence_number": number, "at": time.time()}
                )

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, in JSON's types only."""
        plain = json.loads(json.dumps(record, default=_plain))
        if "userIdentity" in plain:  # of an item that expired: functions get other names than the streams API gives
            identity = plain["userIdentity"]
            plain["userIdentity"] = {"type": identity["Type"], "principalId": identity["PrincipalId"]}
        return {**plain, "eventSourceARN": self._mapping["EventSourceArn"]}


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, set):
        return sorted(value)
    raise TypeError(f"a stream record cannot hold a {type(value).__name__}")
