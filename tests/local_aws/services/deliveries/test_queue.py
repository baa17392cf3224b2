"""Orders arrive at least once, in order for each target, with retries and a dead-letter queue.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_aws.api import Context
from local_aws.services import deliveries
from local_aws.services.deliveries.failures import DeliveryError
from local_aws.services.deliveries.orders import KIND, Order
from local_aws.services.deliveries.queue import Deliveries

TARGET = "arn:aws:sqs:us-east-1:123456789012:target"
OTHER = "arn:aws:sqs:us-east-1:123456789012:other"


class Clock:
    """Each look is an hour later than the one before, so that nothing has to be waited for."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 3600
        return self.time


class Sender:
    """Fails as often as told, then remembers."""

    def __init__(self, *, failures: int = 0, lasting: bool = False) -> None:
        self.failures, self.lasting = failures, lasting
        self.attempts: list[str] = []
        self.sent: list[tuple[str, str]] = []

    def __call__(self, aws: Context, order: Order, key: str) -> None:
        self.attempts.append(order["payload"])
        if self.failures:
            self.failures -= 1
            raise DeliveryError("Busy", "try later", lasting=self.lasting)
        self.sent.append((order["arn"], order["payload"]))


class Queues:
    """What is sent to dead-letter queues."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send_message(self, **message: Any) -> None:
        self.messages.append(message)


@pytest.fixture
def run(make_context: Callable[..., Context]) -> Iterator[Callable[..., Context]]:
    started: list[Deliveries] = []

    def start(sender: Any, queues: Any = None, now: Any = None) -> Context:
        context = make_context(lambda service: queues)
        started.append(Deliveries(context, sender, **({"now": now} if now else {})))
        return context

    yield start
    for each in started:
        each.close()


def order(payload: str, arn: str = TARGET, **more: Any) -> Order:
    return {"arn": arn, "payload": payload, **more}  # type: ignore[typeddict-item]


def test_orders_of_one_target_arrive_in_order_and_leave_the_store(
    run: Callable[..., Context], eventually: Callable[..., Any]
) -> None:
    sender = Sender()
    context = run(sender)
    for number in range(30):
        deliveries.add(context, order(str(number)))
    eventually(lambda: len(sender.sent) == 30)
    assert [payload for _, payload in sender.sent] == [str(number) for number in range(30)]
    eventually(lambda: not context.store.list(KIND))


def test_an_order_of_a_rolled_back_transaction_is_none(
    run: Callable[..., Context], eventually: Callable[..., Any]
) -> None:
    sender = Sender()
    context = run(sender)
    with pytest.raises(RuntimeError), context.store.transaction():
        deliveries.add(context, order("never"))
        raise RuntimeError
    deliveries.add(context, order("real"))
    eventually(lambda: sender.sent)
    assert [payload for _, payload in sender.sent] == ["real"]


def test_orders_of_a_server_that_ended_are_delivered_by_the_next(
    make_context: Callable[..., Context], run: Callable[..., Context], eventually: Callable[..., Any]
) -> None:
    deliveries.add(make_context(), order("kept"))
    sender = Sender()
    run(sender)
    assert eventually(lambda: sender.sent) == [(TARGET, "kept")]


def test_a_failed_order_comes_again_and_holds_up_nobody(
    run: Callable[..., Context], eventually: Callable[..., Any]
) -> None:
    sender = Sender(failures=1)
    context = run(sender)
    deliveries.add(context, order("first"))
    deliveries.add(context, order("second"))
    eventually(lambda: len(sender.sent) == 2)
    assert [payload for _, payload in sender.sent] == ["second", "first"]


def test_a_slow_target_holds_up_no_other(run: Callable[..., Context], eventually: Callable[..., Any]) -> None:
    released, seen = threading.Event(), []

    def sender(aws: Context, order: Order, key: str) -> None:
        if order["arn"] == TARGET:
            released.wait(60)
        seen.append(order["arn"])

    context = run(sender)
    deliveries.add(context, order("slow"))
    deliveries.add(context, order("quick", OTHER))
    assert eventually(lambda: seen) == [OTHER]
    released.set()
    eventually(lambda: len(seen) == 2)


def test_exhausted_order_goes_to_its_dead_letter_queue_with_the_reason(
    run: Callable[..., Context], eventually: Callable[..., Any]
) -> None:
    sender, queues = Sender(failures=9), Queues()
    context = run(sender, queues, Clock())
    dead_letter = {"arn": OTHER, "body": "the event", "attributes": {"RULE_ARN": "rule", "TARGET_ARN": TARGET}}
    deliveries.add(context, order("lost", retries=2, age=1e12, dead_letter=dead_letter))
    message = eventually(lambda: queues.messages)[0]
    assert len(sender.attempts) == 3
    assert message["QueueUrl"].endswith("/123456789012/other")
    assert message["MessageBody"] == "the event"
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told == {
        "RULE_ARN": "rule",
        "TARGET_ARN": TARGET,
        "ERROR_CODE": "Busy",
        "ERROR_MESSAGE": "try later",
        "RETRY_ATTEMPTS": "2",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }
    eventually(lambda: not context.store.list(KIND))


def test_lasting_error_is_not_tried_again_and_an_old_order_is_given_up(
    run: Callable[..., Context], eventually: Callable[..., Any]
) -> None:
    sender, queues = Sender(failures=1, lasting=True), Queues()
    context = run(sender, queues)
    dead_letter = {"arn": OTHER, "body": "b", "attributes": {}}
    deliveries.add(context, order("gone", dead_letter=dead_letter))
    eventually(lambda: queues.messages)
    assert sender.attempts == ["gone"]
    assert "EXHAUSTED_RETRY_CONDITION" not in queues.messages[0]["MessageAttributes"]
    sender.failures, sender.lasting = 9, False
    deliveries.add(context, order("old", age=0.0, dead_letter=dead_letter))
    eventually(lambda: len(queues.messages) == 2)
    exhausted = queues.messages[1]["MessageAttributes"]["EXHAUSTED_RETRY_CONDITION"]["StringValue"]
    assert exhausted == "MaximumEventAgeInSeconds"
