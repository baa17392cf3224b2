"""The queue in itself."""

from __future__ import annotations

import threading

import pytest

from local_aws.services.job_process import Control
from local_aws.services.sagemaker.jobs import JobQueue, Patience


def test_a_job_that_fails_inside_does_not_end_its_slot(caplog: pytest.LogCaptureFixture) -> None:
    queue, ran, broken = JobQueue(1), threading.Event(), threading.Event()

    def fail(control: Control) -> None:
        raise RuntimeError("a mistake")

    def break_too() -> None:
        broken.set()
        raise RuntimeError("the same mistake")

    queue.submit("one", fail, broken=break_too)
    queue.submit("two", lambda control: ran.set())
    assert ran.wait(60)
    queue.close()
    assert broken.is_set()
    assert "one ended in an error of local_aws itself" in caplog.text
    assert "the failure of a job could not be recorded" in caplog.text


def test_the_same_job_is_not_taken_twice() -> None:
    queue, go, count = JobQueue(1), threading.Event(), []

    def work(control: Control) -> None:
        count.append(1)
        go.wait(60)

    for _ in range(3):
        queue.submit("one", work)
        queue.submit("two", work)
    go.set()
    over = threading.Event()
    queue.submit("last", lambda control: over.set())
    assert over.wait(60)
    queue.close()
    assert len(count) == 2


def test_a_job_waits_no_longer_than_it_has_patience() -> None:
    queue, go, expired, ran = JobQueue(1), threading.Event(), threading.Event(), threading.Event()
    queue.submit("one", lambda control: go.wait(60) and None)
    queue.submit("two", lambda control: ran.set(), Patience(0.05, expired.set))
    assert expired.wait(60)
    assert not queue.stop("two")
    go.set()
    over = threading.Event()
    queue.submit("last", lambda control: over.set(), Patience(60, expired.set))
    assert over.wait(60)
    queue.close()
    assert not ran.is_set()


def test_closing_interrupts_what_runs_and_drops_what_waits() -> None:
    queue, started, ended, ran = JobQueue(1), threading.Event(), threading.Event(), threading.Event()

    def work(control: Control) -> None:
        started.set()
        control.closing.wait(60)
        ended.set()
        control.check_closing()

    queue.submit("one", work)
    queue.submit("two", lambda control: ran.set())
    assert started.wait(60)
    queue.close()
    assert ended.is_set()
    assert not ran.is_set()
