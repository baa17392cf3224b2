"""Messages that nobody deletes come back, are counted, and end in the dead-letter queue; the callers are parallel.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gateway_clients import client_of
from state_machines import eventually

from local_aws.gateway import Gateway
from local_aws.moto_backend import MotoBackend

GATEWAY = Gateway(MotoBackend())
SQS = client_of(GATEWAY, "sqs")
CLIENTS = [client_of(GATEWAY, "sqs") for _ in range(4)]
NUMBERS = itertools.count(1)
MOST_RECEIVES = 2
COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
WAIT_SECONDS = 30


def queues(visibility_seconds: int) -> tuple[str, str]:
    """A queue and its dead-letter queue."""
    number = next(NUMBERS)
    dead = SQS.create_queue(QueueName=f"dead-{number}")["QueueUrl"]
    arn = SQS.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MOST_RECEIVES})
    attributes = {"VisibilityTimeout": str(visibility_seconds), "RedrivePolicy": redrive}
    return SQS.create_queue(QueueName=f"expiring-{number}", Attributes=attributes)["QueueUrl"], dead


def counts(url: str) -> list[int]:
    attributes = SQS.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTS)["Attributes"]
    return [int(attributes[name]) for name in COUNTS]


def receive(client: Any, url: str) -> list[dict[str, Any]]:
    names = ["ApproximateReceiveCount"]
    found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=names)
    messages: list[dict[str, Any]] = found.get("Messages", [])
    return messages


def at_once(work: Callable[[Any], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What all callers together got."""
    ready = threading.Barrier(len(CLIENTS))

    def begin(client: Any) -> list[dict[str, Any]]:
        ready.wait(WAIT_SECONDS)
        return work(client)

    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        return [message for found in pool.map(begin, CLIENTS, timeout=WAIT_SECONDS) for message in found]


def drain(url: str) -> list[dict[str, Any]]:
    """Parallel receivers, each until it finds nothing more."""

    def until_empty(client: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := receive(client, url):
            found += messages
        return found

    return at_once(until_empty)


def test_parallel_receivers_share_each_delivery_and_the_dead_letter_queue_gets_all() -> None:
    """Each delivery goes to one caller; after the last allowed one, every message moves once."""
    url, dead_url = queues(visibility_seconds=600)
    sent = sorted(SQS.send_message(QueueUrl=url, MessageBody=str(number))["MessageId"] for number in range(40))
    for delivery in range(1, MOST_RECEIVES + 1):
        found = drain(url)
        assert sorted(message["MessageId"] for message in found) == sent
        assert {message["Attributes"]["ApproximateReceiveCount"] for message in found} == {str(delivery)}
        assert counts(url) == [0, len(sent)]
        give_back(url, found)
        assert counts(url) == [len(sent), 0]
    assert drain(url) == []
    assert (counts(url), counts(dead_url)) == ([0, 0], [len(sent), 0])
    assert sorted(message["MessageId"] for message in drain(dead_url)) == sent


def give_back(url: str, found: list[dict[str, Any]]) -> None:
    """ChangeMessageVisibility to 0, by callers who take turns at the messages."""
    todo = iter(found)
    guard = threading.Lock()

    def work(client: Any) -> list[dict[str, Any]]:
        while True:
            with guard:
                message = next(todo, None)
            if message is None:
                return []
            handle = message["ReceiptHandle"]
            client.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)

    at_once(work)


def test_a_short_visibility_expires_and_a_longer_one_given_meanwhile_holds() -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
    url, _ = queues(visibility_seconds=2)
    kept, lost = (SQS.send_message(QueueUrl=url, MessageBody=body)["MessageId"] for body in ("kept", "lost"))
    first = {message["MessageId"]: message for message in receive(SQS, url)}
    handle = first[kept]["ReceiptHandle"]
    SQS.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=600)
    [again] = eventually(lambda: receive(SQS, url))
    assert (again["MessageId"], again["Attributes"]["ApproximateReceiveCount"]) == (lost, "2")
    assert again["ReceiptHandle"] != first[lost]["ReceiptHandle"]
    SQS.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    SQS.delete_message(QueueUrl=url, ReceiptHandle=handle)
    assert counts(url) == [0, 0]
