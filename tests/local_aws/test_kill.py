"""Whatever a client was answered is there after ``kill -9``, once, wherever the kill strikes."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from random import Random
from typing import Any

import pytest
from kill_program import KILLED, Program
from local_server import LocalServer

pytestmark = pytest.mark.stack

POINTS = ("journal.after", "answer.before", "checkpoint.rotated", "checkpoint.written", "checkpoint.renamed")
#: How many of them one run takes, each in a life of its own; all five take a minute.
LIVES = int(os.environ.get("LOCAL_AWS_TEST_LIVES", "2"))
#: Few enough that several checkpoints happen in one life of the server.
SMALL_JOURNAL = {"LOCAL_AWS_CHECKPOINT_ENTRIES": "15", "LOCAL_AWS_CHECKPOINT_IDLE_SECONDS": "0.2"}
MOST_CALLS = 2000
#: A checkpoint is made beside the calls: how many calls come before it depends on how busy the machine is.
LIFE_SECONDS = 120.0
#: Another program and other kill points: set it to any number.
SEED_VARIABLE = "LOCAL_AWS_TEST_SEED"
DEFAULT_SEED = 2


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
            assert ended or program.run(LIFE_SECONDS), f"the server was never killed at {point}"
            server.kill()
        server.variables = SMALL_JOURNAL
        server.start()
        program.check()
        program.check_queue()
    finally:
        server.kill()
    assert "gave another answer" not in server.log()


CALLERS = 12


def test_parallel_callers_lose_and_double_nothing_of_what_was_answered(tmp_path: Path) -> None:
    """Each caller adds to one counter, puts objects of its own and sends messages, until the server is killed."""
    server = LocalServer(tmp_path / "state", variables={**SMALL_JOURNAL, "LOCAL_AWS_KILL_AT": "answer.before:400"})
    try:
        server.start()
        program = Program(server, DEFAULT_SEED)
        program.prepare()
        added, sent, stored = [0] * CALLERS, set[str](), dict[str, str]()

        def call(caller: int) -> None:
            for number in range(MOST_CALLS):
                name = f"{caller}-{number}"
                try:
                    program.add()
                    added[caller] += 1
                    server.client("sqs").send_message(QueueUrl=program.queue, MessageBody=name)
                    sent.add(name)
                    answer = server.client("s3").put_object(Bucket="bucket", Key=name, Body=name.encode())
                    stored[name] = answer["VersionId"]
                except KILLED:
                    return

        threads = [threading.Thread(target=call, args=(caller,)) for caller in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        server.kill()
        server.variables = SMALL_JOURNAL
        server.start()
        check_parallel(server, program, sum(added), sent, stored)
    finally:
        server.kill()
    assert "gave another answer" not in server.log()


def check_parallel(server: LocalServer, program: Program, added: int, sent: set[str], stored: dict[str, str]) -> None:
    assert added > CALLERS
    item = server.client("dynamodb").get_item(TableName="table", Key={"id": {"S": "counter"}})["Item"]
    assert added <= int(item["n"]["N"]) <= added + CALLERS
    versions: list[dict[str, Any]] = []
    for page in server.client("s3").get_paginator("list_object_versions").paginate(Bucket="bucket"):
        versions += page.get("Versions", [])
    found = {version["Key"]: version["VersionId"] for version in versions}
    assert len(found) == len(versions)
    assert stored.items() <= found.items()
    assert len(found) <= len(stored) + CALLERS
    received: list[str] = []
    request = {"QueueUrl": program.queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600}
    while messages := server.client("sqs").receive_message(**request).get("Messages"):
        received += [message["Body"] for message in messages]
    assert len(received) == len(set(received))
    assert sent <= set(received)
    assert len(received) <= len(sent) + CALLERS
