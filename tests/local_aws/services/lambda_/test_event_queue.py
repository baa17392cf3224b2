"""Asynchronous events are kept until they are delivered or given up, and no function starves another.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_aws.api import Context
from local_aws.services.lambda_ import event_queue, model
from local_aws.services.lambda_.event_queue import EVENT_KIND, EVENT_THREADS, EventQueue
from local_aws.services.lambda_.worker import Outcome

Eventually = Callable[..., Any]


@pytest.fixture
def context(make_context: Callable[..., Context]) -> Context:
    context = make_context()
    for name in ("one", "other"):
        context.store.put(model.KIND, name, {"configuration": {"FunctionName": name, "FunctionArn": f"arn:{name}"}})
    return context


@pytest.fixture
def queue(context: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[EventQueue]:
    monkeypatch.setattr(event_queue, "EVENT_RETRY_SECONDS", (0.05, 0.05))
    monkeypatch.setattr(event_queue, "INTERNAL_RETRY_SECONDS", 0.05)
    queue = EventQueue(context)
    yield queue
    queue.close()


def test_an_internal_error_loses_no_event(
    queue: EventQueue, context: Context, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    seen: list[Any] = []

    def run(aws: Context, function: dict[str, Any], event: Any) -> Outcome:
        seen.append(event)
        if len(seen) <= EVENT_THREADS:
            raise OSError("no process")
        return Outcome(b"null", failed=False, log_tail=b"")

    monkeypatch.setattr(event_queue, "run", run)
    queue.add("one", {"n": 1})
    eventually(lambda: not context.store.list(EVENT_KIND))
    assert seen == [{"n": 1}] * (EVENT_THREADS + 1)


def test_an_event_that_cannot_be_deleted_ends_no_thread(
    queue: EventQueue, context: Context, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    plain = context.store.delete
    refused: list[str] = []

    def delete(kind: str, key: str) -> None:
        if kind == EVENT_KIND and len(refused) <= EVENT_THREADS:
            refused.append(key)
            raise OSError("no room")
        plain(kind, key)

    monkeypatch.setattr(context.store, "delete", delete)
    monkeypatch.setattr(event_queue, "run", lambda *_: Outcome(b"null", failed=False, log_tail=b""))
    queue.add("one", {})
    eventually(lambda: not context.store.list(EVENT_KIND))


def test_slow_and_failing_functions_hold_up_no_other(
    queue: EventQueue, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, done = threading.Event(), threading.Event()

    def run(aws: Context, function: dict[str, Any], event: Any) -> Outcome:
        if function["configuration"]["FunctionName"] == "one":
            release.wait(60)
        else:
            done.set()
        return Outcome(b"null", failed=False, log_tail=b"")

    monkeypatch.setattr(event_queue, "run", run)
    for number in range(2 * EVENT_THREADS):
        queue.add("one", number)
    queue.add("other", {})
    try:
        assert done.wait(60)
    finally:
        release.set()


def test_a_retry_waits_in_the_store_with_its_due_time(
    queue: EventQueue, context: Context, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(event_queue, "EVENT_RETRY_SECONDS", (600.0,))
    monkeypatch.setattr(event_queue, "run", lambda *_: Outcome(b"{}", failed=True, log_tail=b""))
    queue.add("one", {})
    kept = eventually(lambda: [entry for _, entry in context.store.list(EVENT_KIND) if "due" in entry])[0]
    assert kept["attempts"] == 1
    assert kept["due"] > kept["at"] + 500
