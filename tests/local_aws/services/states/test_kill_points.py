"""A process that SIGKILL ends at a named place: the next one goes on to the same history as one that nobody disturbed.

local_aws: before a commit, after it and before anybody hears of it, and after a call whose reply is not committed yet.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from killable import PYTHONPATH, SCRIPT, Killable
from state_machines import eventually, masked

ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.context.Task.Token %}"},
    "End": True,
}
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}, "End": True}
REPLIES: dict[str, Any] = {
    "sqs.send_message": [{"MessageId": "m"}],
    "lambda.invoke": [{"StatusCode": 200, "Payload": "called"}],
}
CHILDREN = {"StartAt": "Work", "States": {"Work": CALL}}
MAPPED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **CHILDREN}
MACHINES: dict[str, dict[str, Any]] = {
    "token": {"StartAt": "Ask", "States": {"Ask": ASK}},
    "parallel": {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [CHILDREN, {"StartAt": "Ask", "States": {"Ask": ASK}}],
                "End": True,
            }
        },
    },
    "map run": {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "ItemProcessor": MAPPED, "End": True}},
    },
}
PLACES = ["states.commit.before:2", "states.commit.after:3", "states.called:1"]


def run_until_killed(folder: Path, machine: dict[str, Any], place: str) -> None:
    (folder / "replies.json").write_text(json.dumps(REPLIES))
    (folder / "machine.json").write_text(json.dumps(machine))
    command = [sys.executable, str(SCRIPT), str(folder), str(folder / "machine.json")]
    variables = {**os.environ, "PYTHONPATH": PYTHONPATH, "LOCAL_AWS_KILL_AT": place}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=variables) as process:
        try:
            assert process.wait(60) == -9
        finally:
            process.kill()


def history_to_the_end(engine: Killable, machine: dict[str, Any] | None, tasks: int) -> list[dict[str, Any]]:
    """Answers a token when all other tasks have ended: a join continues from the branch that ends last."""
    engine.start(machine, REPLIES)
    try:

        def is_over() -> bool:
            for token in engine.ask(do="tokens"):
                kinds = [event["type"] for event in engine.ask(do="events")]
                if "TaskSubmitted" in kinds and kinds.count("TaskStateExited") == tasks - 1:
                    engine.ask(do="succeed", token=token, output="signed")
            return bool(engine.ask(do="describe")["status"] != "RUNNING")

        eventually(is_over)
        return masked(engine.ask(do="events"))
    finally:
        engine.kill()


@pytest.mark.parametrize("name", MACHINES)
def test_history_is_that_of_an_undisturbed_run(name: str, tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    tasks = json.dumps(MACHINES[name]).count('"Task"')
    expected = history_to_the_end(Killable(tmp_path / "calm"), MACHINES[name], tasks)
    assert "ExecutionSucceeded" in [event["type"] for event in expected]
    for place in PLACES:
        folder = tmp_path / place.partition(":")[0]
        folder.mkdir()
        run_until_killed(folder, MACHINES[name], place)
        assert history_to_the_end(Killable(folder), None, tasks) == expected, f"killed at {place}"
