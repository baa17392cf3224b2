"""An engine in a process of its own, for tests that kill it.

Usage: python killable_engine.py FOLDER [MACHINE_FILE]. Starts the machine if one is given, else resumes. Commands come
line by line on stdin as JSON; each is answered by one line. Calls to services are noted in FOLDER/calls.jsonl.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from state_machines import FakeServices, StatesWorld

from local_aws.services import states


def main(folder: Path, machine: Path | None) -> None:
    services = NotingServices(folder / "calls.jsonl")
    services.replies = json.loads((folder / "replies.json").read_text())
    world = StatesWorld(folder, services)
    if machine is None:
        states.resume(world.aws)
    else:
        world.start(world.create(json.loads(machine.read_text())), {})
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(world, json.loads(line)), default=str), flush=True)


def answer(world: StatesWorld, command: dict[str, Any]) -> Any:
    execution = "arn:aws:states:us-east-1:123456789012:execution:machine:run"
    if command["do"] == "succeed":
        world.succeed(command["token"], command["output"])
        return "sent"
    if command["do"] == "describe":
        return world.describe(execution)
    if command["do"] == "tokens":
        return world.open_tokens()
    if command["do"] == "create_activity":
        return world.create_activity(command["name"])
    if command["do"] == "take":
        return world.take(command["activity"], "worker")
    if command["do"] == "child_events":
        [run] = world.map_runs(execution)
        children = world.children(run["mapRunArn"])
        return [[event["type"] for event in world.events(child["arn"])] for child in children]
    if command["do"] == "map_runs":
        return world.map_runs(execution)
    return world.events(execution)


class NotingServices(FakeServices):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def answer(self, call: str, arguments: dict[str, Any]) -> Any:
        with self._path.open("a") as notes:
            notes.write(json.dumps([call, arguments], default=str) + "\n")
        return super().answer(call, arguments)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
