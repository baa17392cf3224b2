"""Work is done in rounds: when the time has come, when the bell rings, also after a failure, never after the close."""

from __future__ import annotations

import logging
import threading
from queue import Queue

import pytest

from local_aws.services.rounds import Rounds

LONG = 600.0
LIMIT = 60.0


def test_rounds_come_by_themselves() -> None:
    seen: Queue[bool] = Queue()
    rounds = Rounds("test rounds", 0.01, seen.put, "trouble")
    rounds.start()
    assert [seen.get(timeout=LIMIT) for _ in range(3)] == [False] * 3
    rounds.close(LIMIT)


def test_the_bell_makes_a_round_at_once_and_a_failure_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    seen: Queue[bool] = Queue()
    bell = threading.Event()

    def work(rang: bool) -> None:
        seen.put(rang)
        if seen.qsize() == 1 and not failed.is_set():
            failed.set()
            raise ValueError("the first round fails")

    failed = threading.Event()
    rounds = Rounds("test rounds", LONG, work, "what could not be done", bell)
    with caplog.at_level(logging.ERROR):
        rounds.start()
        bell.set()
        assert failed.wait(LIMIT)
        assert seen.get(timeout=LIMIT)
        bell.set()
        assert seen.get(timeout=LIMIT)
        rounds.close(LIMIT)
    assert [record.message for record in caplog.records] == ["what could not be done"]


def test_a_close_waits_for_the_round_that_is_under_way_and_there_is_no_other() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work(rang: bool) -> None:
        begun.set()
        assert may_end.wait(LIMIT)
        ended.set()

    bell = threading.Event()
    rounds = Rounds("test rounds", LONG, work, "trouble", bell)
    rounds.start()
    bell.set()
    assert begun.wait(LIMIT)
    begun.clear()
    may_end.set()
    rounds.close(LIMIT)
    assert ended.is_set()
    bell.set()
    assert not any(thread.name == "test rounds" for thread in threading.enumerate())
    assert not begun.is_set()
