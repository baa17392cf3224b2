"""However often and wherever iterations fail: redriven until it succeeds, a Map runs no finished iteration again.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from state_machines import FakeServices, StatesWorld, client_error

SEND = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $string($states.input) %}"},
    "Output": "{% $states.input * 10 %}",
    "End": True,
}


class Unsteady:
    """A queue that refuses each message so many times."""

    def __init__(self, services: FakeServices, failures: list[int]) -> None:
        self.left = Counter({str(index): times for index, times in enumerate(failures)})
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        services.on("sqs.send_message", self.send)

    def send(self, QueueUrl: str, MessageBody: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        with self._lock:
            self.calls[MessageBody] += 1
            fails = self.left[MessageBody] > 0
            self.left[MessageBody] -= 1
        if fails:
            raise client_error("QueueDoesNotExist", "not now")
        return {"MessageId": "m"}


@given(failures=st.lists(st.integers(0, 2), min_size=1, max_size=5), concurrency=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_redriven_until_it_succeeds(failures: list[int], concurrency: int) -> None:
    services = FakeServices()
    queue = Unsteady(services, failures)
    processor = {"StartAt": "Send", "States": {"Send": SEND}}
    items = list(range(len(failures)))
    each = {"Type": "Map", "Items": items, "MaxConcurrency": concurrency, "ItemProcessor": processor, "End": True}
    with tempfile.TemporaryDirectory() as folder:
        world = StatesWorld(Path(folder), services)
        try:
            described = world.run({"StartAt": "Each", "States": {"Each": each}})
            execution = described["executionArn"]
            for _ in range(sum(failures)):
                if described["status"] == "SUCCEEDED":
                    break
                world.redrive(execution)
                described = world.ended(execution)
            events = world.events(execution)
        finally:
            world.close()
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", [item * 10 for item in items])
    succeeded = [
        event["mapIterationSucceededEventDetails"]["index"]
        for event in events
        if event["type"] == "MapIterationSucceeded"
    ]
    assert sorted(succeeded) == items
    if concurrency == 1:
        assert queue.calls == {str(index): times + 1 for index, times in enumerate(failures)}
