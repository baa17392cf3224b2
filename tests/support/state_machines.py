"""State machines in tests: an engine on a folder, services that answer as they are told, masked histories."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from local_aws.api import Context
from local_aws.services import states
from local_aws.services.states.activities import operations as activities
from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.executions import execution_start as starts
from local_aws.services.states.machines import machine_operations as machines
from local_aws.services.states.maps import map_run_operations as map_runs
from local_aws.services.states.maps.map_children import arn_of
from local_aws.services.states.maps.map_run_records import MapRunRecords
from local_aws.services.states.records import TOKEN, Records
from local_aws.services.states.redrive import operations as redrives
from local_aws.services.states.tasks import task_operations as tasks
from local_aws.store import Store

ROLE = "arn:aws:iam::123456789012:role/states"
REQUEST_ID = "00000000-0000-4000-8000-000000000000"
METADATA = {"RequestId": REQUEST_ID, "HTTPStatusCode": 200, "HTTPHeaders": {"content-type": "application/json"}}
LIMIT_SECONDS = 60.0
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TOKEN_TEXT = re.compile(r"[A-Za-z0-9+/]{500,}={0,2}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MILLISECONDS = re.compile(r"\b1[789]\d{11}\b")


class FakeServices:
    """Stands for ``context.client``: each call takes the next of its replies, and repeats the last."""

    def __init__(self, replies: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self.replies = {name: list(queue) for name, queue in (replies or {}).items()}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.handlers: dict[str, Callable[..., Any]] = {}
        self.on_call: Callable[[str], None] = lambda call: None
        self._lock = threading.Lock()

    def __call__(self, service: str) -> _FakeClient:
        return _FakeClient(self, service)

    def on(self, call: str, handler: Callable[..., Any]) -> None:
        """``call`` is ``service.method``."""
        self.handlers[call] = handler

    def made(self, call: str) -> list[dict[str, Any]]:
        with self._lock:
            return [arguments for name, arguments in self.calls if name == call]

    def answer(self, call: str, arguments: dict[str, Any]) -> Any:
        self.on_call(call)
        with self._lock:
            self.calls.append((call, arguments))
        if call in self.handlers:
            return {"ResponseMetadata": METADATA, **(self.handlers[call](**arguments) or {})}
        with self._lock:
            queue = self.replies.get(call)
            assert queue, f"no reply is prepared for {call}"
            reply = dict(queue.pop(0) if len(queue) > 1 else queue[0])
        if reply.get("unreachable"):
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        if "raises" in reply:
            raise client_error(reply["raises"], reply.get("message", ""), reply.get("http", 400))
        time.sleep(reply.pop("seconds", 0))
        if "payload_size" in reply:
            reply["Payload"] = "x" * reply.pop("payload_size")
        if "Payload" in reply and service_of(call) == "lambda":
            reply["Payload"] = json.dumps(reply["Payload"]).encode()
        return {"ResponseMetadata": METADATA, **reply}


class _FakeClient:
    def __init__(self, services: FakeServices, service: str) -> None:
        self._services = services
        self._service = service

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda **arguments: self._services.answer(f"{self._service}.{method}", arguments)


def service_of(call: str) -> str:
    return call.partition(".")[0]


def client_error(code: str, message: str, status: int = 400) -> ClientError:
    metadata = {**METADATA, "HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Operation")


class StatesWorld:
    """The Step Functions of one server on ``folder``, without the server."""

    def __init__(self, folder: Path, services: FakeServices) -> None:
        self.folder = folder
        self.services = services
        self.aws = self._open()

    def _open(self) -> Context:
        store = Store(self.folder / "state.sqlite3")
        supervisor: Any = None
        return Context("http://127.0.0.1:1", self.folder, store, supervisor, self.services, {})

    def close(self) -> None:
        states.shutdown(self.aws)
        self.aws.store.close()

    def restart(self) -> None:
        """End all threads and begin anew from what is in the store."""
        self.close()
        self.aws = self._open()
        states.resume(self.aws)

    def create(self, definition: dict[str, Any], name: str = "machine") -> str:
        document = {"QueryLanguage": "JSONata", **definition}
        request: Any = {"name": name, "definition": json.dumps(document), "roleArn": ROLE}
        return machines.create_state_machine(self.aws, request)["stateMachineArn"]

    def start(self, machine: str, value: Any = None, name: str = "run") -> str:
        text = json.dumps({} if value is None else value)
        request: Any = {"stateMachineArn": machine, "name": name, "input": text}
        return starts.start_execution(self.aws, request)["executionArn"]

    def run(self, definition: dict[str, Any], value: Any = None, name: str = "run") -> dict[str, Any]:
        """Create, start, and wait for the end; returns the description."""
        return self.ended(self.start(self.create(definition, f"machine-{name}"), value, name))

    def describe(self, execution: str) -> dict[str, Any]:
        return dict(executions.describe_execution(self.aws, {"executionArn": execution}))

    def ended(self, execution: str) -> dict[str, Any]:
        return eventually(lambda: (d := self.describe(execution))["status"] != "RUNNING" and d)

    def stop(self, execution: str, **request: str) -> None:
        arguments: Any = {"executionArn": execution, **request}
        executions.stop_execution(self.aws, arguments)

    def redrive(self, execution: str, **request: str) -> None:
        arguments: Any = {"executionArn": execution, **request}
        redrives.redrive_execution(self.aws, arguments)

    def events(self, execution: str) -> list[dict[str, Any]]:
        request: Any = {"executionArn": execution, "maxResults": 1000}
        return executions.get_execution_history(self.aws, request)["events"]

    def map_runs(self, execution: str) -> list[dict[str, Any]]:
        """Each map run of an execution with its children, the oldest first, without times."""
        found = []
        for run in reversed(map_runs.list_map_runs(self.aws, {"executionArn": execution})["mapRuns"]):
            shown: dict[str, Any] = dict(map_runs.describe_map_run(self.aws, {"mapRunArn": run["mapRunArn"]}))
            shown["children"] = [
                {key: child[key] for key in ("status", "input", "output", "error") if child.get(key) is not None}
                for child in self.children(run["mapRunArn"])
            ]
            found.append({key: part for key, part in shown.items() if key not in ("startDate", "stopDate")})
        return found

    def children(self, map_run: str) -> list[dict[str, Any]]:
        """The documents of a map run's children, in the order of their items."""
        run = MapRunRecords(self.aws.store).get(map_run)
        found = (Records(self.aws.store).execution(arn_of(run, index)) for index in range(run["launched"]))
        return [dict(child) for child in found if child is not None]

    def await_event(self, execution: str, kind: str, count: int = 1) -> None:
        eventually(lambda: [event["type"] for event in self.events(execution)].count(kind) >= count)

    def open_tokens(self) -> list[str]:
        return [token for token, document in self.aws.store.list(TOKEN) if not document["spent"]]

    def await_tokens(self, count: int = 1) -> list[str]:
        return eventually(lambda: (found := self.open_tokens()) if len(self.open_tokens()) >= count else [])

    def create_activity(self, name: str) -> str:
        return activities.create_activity(self.aws, {"name": name})["activityArn"]

    def take(self, activity: str, worker: str | None = None) -> dict[str, Any]:
        """Fetch a task as a worker does; waits for one."""
        request: Any = {"activityArn": activity, **({"workerName": worker} if worker else {})}
        return dict(activities.get_activity_task(self.aws, request))

    def succeed(self, token: str, output: Any) -> None:
        tasks.send_task_success(self.aws, {"taskToken": token, "output": json.dumps(output)})

    def fail(self, token: str, **failure: str) -> None:
        request: Any = {"taskToken": token, **failure}
        tasks.send_task_failure(self.aws, request)

    def beat(self, token: str) -> None:
        tasks.send_task_heartbeat(self.aws, {"taskToken": token})


def eventually(look: Callable[[], Any], within: float = LIMIT_SECONDS) -> Any:
    """The first true value of ``look``; fails after ``within`` seconds."""
    end = time.monotonic() + within
    while not (value := look()):
        assert time.monotonic() < end, f"not so within {within} s"
        time.sleep(0.01)
    return value


def masked(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A history without what differs from run to run: times, tokens, generated names, how threads interleave."""
    return [masked_text({key: part for key, part in event.items() if key != "timestamp"}) for event in chained(events)]


def chained(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events renumbered along their chains: what one branch did stands together, branches by their states' names."""
    after: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        after.setdefault(event["previousEventId"], []).append(event)
    ordered: list[dict[str, Any]] = []

    def follow(previous: int, number: int) -> None:
        following = after.get(previous, [])
        if all("stateEnteredEventDetails" in event for event in following):
            following = sorted(following, key=lambda event: str(event["stateEnteredEventDetails"]["name"]))
        for event in following:
            ordered.append({**event, "id": len(ordered) + 1, "previousEventId": number})
            follow(event["id"], len(ordered))

    follow(0, 0)
    assert len(ordered) == len(events), "every event follows an earlier one"
    return ordered


def masked_text(value: Any) -> Any:
    text = json.dumps(value)
    for pattern, mask in ((TOKEN_TEXT, "<token>"), (UUID, "<uuid>"), (TIME, "<time>"), (MILLISECONDS, "0")):
        text = pattern.sub(mask, text)
    return json.loads(text)
