"""Whatever a client was answered is there after ``kill -9``, once, wherever the kill strikes."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from kill_program import Program
from local_server import LocalServer

pytestmark = pytest.mark.stack

POINTS = ("journal.after", "answer.before", "checkpoint.rotated", "checkpoint.written", "checkpoint.renamed")
#: How many of them one run takes, each in a life of its own.
LIVES = 3
#: Few enough that several checkpoints happen in one life of the server.
SMALL_JOURNAL = {"LOCAL_AWS_CHECKPOINT_ENTRIES": "15", "LOCAL_AWS_CHECKPOINT_IDLE_SECONDS": "0.2"}
MOST_CALLS = 2000
#: Another program and other kill points: set it to any number.
SEED_VARIABLE = "LOCAL_AWS_TEST_SEED"
DEFAULT_SEED = 3


def test_nothing_answered_is_lost_or_doubled_wherever_the_server_is_killed(tmp_path: Path) -> None:
    seed = int(os.environ.get(SEED_VARIABLE, DEFAULT_SEED))
    random = Random(seed)
    server = LocalServer(tmp_path / "state")
    program = Program(server, seed)
    try:
        server.start()
        program.prepare()
        server.kill()
        for point in random.sample(POINTS, LIVES):
            count = random.randint(1, 2) if point.startswith("checkpoint") else random.randint(20, 40)
            server.variables = {**SMALL_JOURNAL, "LOCAL_AWS_KILL_AT": f"{point}:{count}"}
            server.start()
            # A journal longer than its limit makes for a checkpoint, and so for the end, while this still checks.
            ended = program.killed_in(program.check)
            assert ended or program.run(MOST_CALLS), f"the server was never killed at {point}"
            server.kill()
        server.variables = SMALL_JOURNAL
        server.start()
        program.check()
        program.check_queue()
    finally:
        server.kill()
    assert "gave another answer" not in server.log()
