"""What a running server is doing: gathered inside it, told by the command ``status``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from local_aws import process_table, server_log
from local_aws.processes import REGISTRY
from local_aws.protocol import Response
from local_aws.services.lambda_ import model as functions
from local_aws.services.states.records import EXECUTION, TOKEN, Records

if TYPE_CHECKING:
    from local_aws.api import Context
    from local_aws.durability import Durability


class Running(NamedTuple):
    """Where the documents of one kind say that they run: the member, and the values that mean so."""

    kind: str
    section: str
    state: str
    values: frozenset[str]
    since: str


GLUE_RUNS = frozenset({"WAITING", "STARTING", "RUNNING", "STOPPING"})
IN_PROGRESS = frozenset({"InProgress", "Stopping"})
SAGEMAKER_JOBS = ("training", "processing", "transform", "hyper_parameter_tuning")
WATCHED = (
    Running(EXECUTION, "executions", "status", frozenset({"RUNNING"}), "started"),
    Running("glue.job_run", "jobs", "JobRunState", GLUE_RUNS, "StartedOn"),
    Running("sagemaker.endpoint", "endpoints", "EndpointStatus", frozenset(), "CreationTime"),
)


def gather(aws: Context, durability: Durability, started: datetime) -> dict[str, Any]:
    """JSON values only. Reads whole documents, so it is for people, not for polling."""
    found: dict[str, Any] = {
        "url": aws.endpoint,
        "startedAt": started.isoformat(timespec="seconds"),
        "log": str(aws.state_dir / server_log.NAME),
        "executions": [],
        "jobs": [],
        "endpoints": [],
    }
    jobs = [
        Running(f"sagemaker.{job}_job", "jobs", f"{job.title().replace('_', '')}JobStatus", IN_PROGRESS, "CreationTime")
        for job in SAGEMAKER_JOBS
    ]
    for watched in (*WATCHED, *jobs):
        documents = _running_executions(aws) if watched.kind == EXECUTION else aws.store.list(watched.kind)
        found[watched.section] += [
            _line(watched, key, document) for key, document in documents if _runs(watched, document)
        ]
    found["functions"] = [name for name, _ in aws.store.list(functions.KIND)]
    found["waitingTokens"] = len(aws.store.keys(TOKEN, {"spent": False}))
    found["processes"] = [_process(int(pid), entry) for pid, entry in aws.store.list(REGISTRY)]
    return {**found, **durability.status()}


def _running_executions(aws: Context) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Those that ended are many, and not read."""
    return [(execution["arn"], execution) for execution in Records(aws.store).running()]


def answers(aws: Context, durability: Durability, started: datetime) -> Callable[[str, bytes], Response]:
    """What the server answers when it is asked for its status."""

    def answer(method: str, body: bytes) -> Response:
        told = json.dumps(gather(aws, durability, started)).encode()
        return Response(200, {"Content-Type": "application/json"}, told)

    return answer


def lines(told: Mapping[str, Any]) -> list[str]:
    """The status for a reader."""
    text = [f"  since {told['startedAt']}, log {told['log']}"]
    for section in ("jobs", "endpoints", "executions", "processes"):
        text.append(f"  {section}: {len(told[section])}")
        text += ["    " + ", ".join(f"{part}" for part in entry.values() if part) for entry in told[section]]
    text.append(f"  functions: {len(told['functions'])}")
    text.append(f"  waiting task tokens: {told['waitingTokens']}")
    text.append(
        f"  journal: {told['journalEntries']} changes, {told['journalBytes']} bytes; last checkpoint "
        f"{told['lastCheckpoint'] or 'none yet'}; replayed at start: {told['replayedAtStart']}, "
        f"with another answer: {told['replayDifferences']}"
    )
    return text


def _runs(watched: Running, document: Mapping[str, Any]) -> bool:
    return not watched.values or _member(document, watched.state) in watched.values


def _line(watched: Running, key: str, document: Mapping[str, Any]) -> dict[str, str]:
    since = _member(document, watched.since)
    return {
        "name": key,
        "state": str(_member(document, watched.state)),
        "since": since.isoformat(timespec="seconds") if isinstance(since, datetime) else "",
    }


def _member(document: Mapping[str, Any], name: str) -> Any:
    """A Glue run keeps what the API tells of it one level deeper."""
    return document.get(name, document["run"].get(name) if isinstance(document.get("run"), dict) else None)


def _process(pid: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    since = process_table.started_at(pid)
    return {
        "name": entry["name"],
        "pid": pid,
        "since": since.isoformat(timespec="seconds") if since else "",
        "log": entry.get("log", ""),
    }
