"""SQS as an event source: batches, partial failures, and redrive left to the queue itself."""

from __future__ import annotations

import threading
import time
from typing import Any

from local_aws.api import Context
from local_aws.services.lambda_.filters import matches
from local_aws.services.lambda_.pollers import deliver, failed_items

#: One request's wait; short enough that a stopped mapping lets go soon.
POLL_SECONDS = 5
MESSAGES_OF_A_REQUEST = 10


class QueueSource:
    """A message that succeeds is deleted. One that fails stays in flight until its visibility time-out ends, then
    comes again, until the queue's redrive policy moves it to its dead-letter queue."""

    def __init__(self, aws: Context, mapping: dict[str, Any]) -> None:
        self._aws = aws
        self._mapping = mapping
        self._name: str = mapping["EventSourceArn"].rpartition(":")[2]
        # Not asked for: Lambda's pollers need no right to GetQueueUrl.
        self._url = f"{aws.endpoint}/{aws.account}/{self._name}"

    def __str__(self) -> str:
        return self._name

    def poll_once(self, stopping: threading.Event) -> None:
        messages = self._receive(POLL_SECONDS, self._mapping["BatchSize"])
        if not messages or stopping.is_set():
            return
        self._fill(messages, stopping)
        wanted = [message for message in messages if matches(self._mapping, {"body": message["Body"]})]
        # What the filter rejects counts as processed.
        self._delete([message for message in messages if message not in wanted])
        if not wanted:
            return
        outcome = deliver(self._aws, self._mapping, [self._record(message) for message in wanted])
        failed = set(failed_items(self._mapping, outcome, [message["MessageId"] for message in wanted]))
        self._delete([message for message in wanted if message["MessageId"] not in failed])

    def _fill(self, messages: list[dict[str, Any]], stopping: threading.Event) -> None:
        """Gather more until the batch is full or its window is over."""
        deadline = time.monotonic() + self._mapping["MaximumBatchingWindowInSeconds"]
        while len(messages) < self._mapping["BatchSize"] and not stopping.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            more = self._receive(min(POLL_SECONDS, max(1, int(left))), self._mapping["BatchSize"] - len(messages))
            messages.extend(more)

    def _receive(self, wait: int, most: int) -> list[dict[str, Any]]:
        sqs = self._aws.client("sqs")
        answer = sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(most, MESSAGES_OF_A_REQUEST),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        received: list[dict[str, Any]] = answer.get("Messages", [])
        return received

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        for start in range(0, len(messages), MESSAGES_OF_A_REQUEST):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages[start : start + MESSAGES_OF_A_REQUEST])
            ]
            self._aws.client("sqs").delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event"""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping["EventSourceArn"],
            "awsRegion": self._aws.region,
        }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "stringValue": value.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
