"""The queue of jobs survives what fails in it. Recorded behaviour of this server."""

from __future__ import annotations

import threading

import pytest

from local_aws.services.sagemaker.jobs import JobQueue, Patience


def test_an_expiry_that_fails_is_tried_again_and_ends_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_aws.services.sagemaker.jobs.RETRY_SECONDS", 0.05)
    queue, calls, done = JobQueue(0), [], threading.Event()

    def expired() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no room")
        done.set()

    queue.submit("waits", lambda control: None, Patience(0.01, expired))
    assert done.wait(60)
    queue.close()
