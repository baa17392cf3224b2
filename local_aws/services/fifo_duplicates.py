"""A duplicate in a FIFO queue is answered as the first message was, for five minutes, even once that was deleted.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html;
sequence numbers grow: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.sqs.models import DEDUPLICATION_TIME_IN_SECONDS, Message, Queue

from local_aws.seams import around

#: Where a queue keeps the last sequence number, and for each deduplication id: message id, sequence number, time (ms).
LAST, SENT = "local_aws_last_sequence_number", "local_aws_sent"
FIRST_NUMBER = 18_849_496_460_467_696_128


@around(Queue, "add_message")
def add_message(original: Callable[[Queue, Message], None], queue: Queue, message: Message) -> None:
    if not queue.fifo_queue or not message.deduplication_id:
        original(queue, message)
        return
    state: dict[str, Any] = queue.__dict__
    sent: dict[str, tuple[str, str, float]] = state.setdefault(SENT, {})
    now = float(message.sent_timestamp or 0)
    for old in [name for name, (_, _, at) in sent.items() if now - at >= DEDUPLICATION_TIME_IN_SECONDS * 1000]:
        del sent[old]
    first = sent.get(message.deduplication_id)
    if first is not None:
        message.id, message.sequence_number = first[:2]
        return
    state[LAST] = state.get(LAST, FIRST_NUMBER) + 1
    message.sequence_number = str(state[LAST])
    sent[message.deduplication_id] = message.id, message.sequence_number, now
    original(queue, message)
