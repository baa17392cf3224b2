"""An order: one message for one target, with its retry policy and its dead-letter queue."""

from __future__ import annotations

import time
import uuid
from typing import Any, TypedDict

from local_aws.api import Context
from local_aws.services.bells import bell_of

KIND = "delivery"

#: EventBridge tries for 24 hours and up to 185 times
#: (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html). On one machine a target that is
#: missing for a quarter of an hour will not come back by itself, so an order without a policy ends sooner.
DEFAULT_ATTEMPTS = 20
DEFAULT_AGE_SECONDS = 86_400


class DeadLetter(TypedDict):
    """The SQS queue that gets ``body`` when the order is given up, and message attributes that the sender knows."""

    arn: str
    body: str
    attributes: dict[str, str]


class Order(TypedDict, total=False):
    """``arn`` names the target, ``role`` who reaches it, if not the server itself, and ``payload`` is the text for it.

    ``parameters`` are the target's own.
    ``retries`` is how often a failed delivery is tried again, within ``age`` seconds. ``attempts``, ``since`` and
    ``due`` (seconds since 1970) are kept by the queue.
    """

    arn: str
    role: str
    payload: str
    parameters: dict[str, Any]
    retries: int
    age: float
    dead_letter: DeadLetter
    attempts: int
    since: float
    due: float


def add(aws: Context, order: Order, *, key: str | None = None, due: float = 0.0) -> str:
    """Keep an order, inside the caller's transaction; returns its key. The same key again is the same order."""
    key = key or str(uuid.uuid4())
    defaults: Order = {"parameters": {}, "retries": DEFAULT_ATTEMPTS, "age": DEFAULT_AGE_SECONDS}
    started: Order = {"attempts": 0, "since": time.time(), "due": due}
    aws.store.put(KIND, key, {**defaults, **order, **started})
    bell_of(aws.store, KIND).set()
    return key
