"""What a running server is doing: gathered inside it, served at ``STATUS_PATH``, told by the command ``status``."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from local_aws import process_table, server_log
from local_aws.processes import REGISTRY
from local_aws.services.lambda_ import model as functions
from local_aws.services.states.records import EXECUTION, TOKEN

if TYPE_CHECKING:
    from local_aws.api import Context
    from local_aws.durability import Durability

STATUS_PATH = "/_local_aws/status"
ASK_TIMEOUT_SECONDS = 30.0


class StatusError(Exception):
    """The server did not tell its status."""


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
        documents = aws.store.list(watched.kind)
        found[watched.section] += [
            _line(watched, key, document) for key, document in documents if _runs(watched, document)
        ]
    found["functions"] = [name for name, _ in aws.store.list(functions.KIND)]
    found["waitingTokens"] = sum(not token["spent"] for _, token in aws.store.list(TOKEN))
    found["processes"] = [_process(int(pid), entry) for pid, entry in aws.store.list(REGISTRY)]
    return {**found, **durability.status()}


def page(application: Callable[..., Iterable[bytes]], told: Callable[[], Mapping[str, Any]]) -> Callable[..., Any]:
    """``application``, and the status at ``STATUS_PATH``."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != STATUS_PATH:
            return application(environ, start)
        body = json.dumps(told()).encode()
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def ask(port: int) -> dict[str, Any]:
    """The status of the server on this machine's ``port``. Raises ``StatusError`` when it does not answer."""
    try:
        # Straight to the port: a proxy of the environment knows nothing of it.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}{STATUS_PATH}", timeout=ASK_TIMEOUT_SECONDS) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
    except (OSError, ValueError) as error:
        raise StatusError(f"port {port} does not tell its status ({error}): see the log in the state folder") from error


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
