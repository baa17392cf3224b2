"""The engine of state machines in a process of its own, for tests that kill it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from state_machines import eventually

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "tests" / "local_aws" / "services" / "states" / "killable_engine.py"
PYTHONPATH = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests" / "support")])


class Killable:
    """The engine's process; ``kill`` gives it no chance to do anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def start(self, definition: dict[str, Any] | None, replies: dict[str, Any]) -> None:
        (self.folder / "replies.json").write_text(json.dumps(replies))
        command = [sys.executable, str(SCRIPT), str(self.folder)]
        if definition is not None:
            path = self.folder / "machine.json"
            path.write_text(json.dumps(definition))
            command.append(str(path))
        variables = {**os.environ, "PYTHONPATH": PYTHONPATH}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, **command: Any) -> Any:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def await_event(self, kind: str, count: int = 1) -> None:
        eventually(lambda: [event["type"] for event in self.ask(do="events")].count(kind) >= count)

    def ended(self) -> dict[str, Any]:
        found: dict[str, Any] = eventually(lambda: (d := self.ask(do="describe"))["status"] != "RUNNING" and d)
        return found

    def calls(self) -> Counter[str]:
        path = self.folder / "calls.jsonl"
        return Counter(json.loads(line)[0] for line in path.read_text().splitlines()) if path.exists() else Counter()
