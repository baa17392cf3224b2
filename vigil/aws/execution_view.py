"""Executions as people are shown them: read from Step Functions, through the redactor, with few calls.

What is known of an execution is kept, so that a look costs one DescribeExecution and the events that are new; of one
that has ended, that description alone. Two looks within ``FRESH_SECONDS`` cost one: it does not matter how many watch.
GetExecutionHistory has a quota of its own (Step Functions guide, "Quotas", API action throttling).
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from vigil.approvals.redaction import Redactor
from vigil.executions.archive import archive_key
from vigil.executions.contents import cut
from vigil.executions.graph import read_graph
from vigil.executions.models import ExecutionView, Graph
from vigil.executions.progress import CAUSE_CHARACTERS, read_progress

FRESH_SECONDS = 2.0
EXECUTIONS_KEPT = 16
NESTED_SHOWN = 4  # a machine of ours starts one
NEW_EVENTS = 100  # of one call where events are known already; a whole history is read 1,000 at a time
RUNNING = "RUNNING"


class ExecutionGoneError(Exception):
    """Step Functions no longer has the execution."""


@dataclass
class _Known:
    """What has been read of one execution. Events are redacted and in order."""

    graph: Graph | None = None
    redactor: Redactor = field(default_factory=Redactor)
    events: list[dict[str, Any]] = field(default_factory=list)
    complete: tuple[str, int] | None = None  # status and redrives of the end up to which all events are known
    view: ExecutionView | None = None
    read_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class ExecutionReader:
    """``client`` is a boto3 ``stepfunctions`` client; ``clock`` counts seconds. For many threads."""

    def __init__(self, client: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, execution_arn: str) -> ExecutionView:
        """Raises ``ExecutionGoneError``."""
        with self._lock:
            known = self._known.setdefault(execution_arn, _Known())
            self._known.move_to_end(execution_arn)
            while len(self._known) > EXECUTIONS_KEPT:
                self._known.popitem(last=False)
        with known.lock:
            if known.view is None or self._clock() - known.read_at >= FRESH_SECONDS:
                known.view = self._look(execution_arn, known)
                known.read_at = self._clock()
            return known.view

    def read_with_nested(self, execution_arn: str, may_show: Callable[[str], bool]) -> list[ExecutionView]:
        """The execution, then those that its states have started, where ``may_show`` says so of their ARNs."""
        view = self.read(execution_arn)
        named = (state.nested_execution for state in view.progress.states.values())
        nested = dict.fromkeys(arn for arn in named if arn is not None and may_show(arn))
        shown = [view]
        for arn in list(nested)[:NESTED_SHOWN]:
            with contextlib.suppress(ExecutionGoneError):  # it ended before the one that started it
                shown.append(self.read(arn))
        return shown

    def _look(self, arn: str, known: _Known) -> ExecutionView:
        try:
            raw = self._client.describe_execution(executionArn=arn)
            if known.graph is None:
                machine = self._client.describe_state_machine_for_execution(executionArn=arn)
                known.graph = read_graph(json.loads(machine["definition"]))
            reached = (str(raw["status"]), int(raw.get("redriveCount", 0)))
            if known.complete != reached:
                self._add_new_events(arn, known)
                # The history may lag behind the status: only an end that it tells itself is one.
                ended = reached[0] != RUNNING and bool(known.events) and _is_end(known.events[-1])
                known.complete = reached if ended else None
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            raise ExecutionGoneError(
                f"Step Functions has forgotten {arn}, as it does 90 days after an execution's end: "
                "an auditor reads its archived history, redacted, with "
                f"`aws s3 cp s3://AUDIT_BUCKET/{archive_key(arn, 0)} -` (the bucket's name: the operator's guide, "
                '"See it")'
            ) from None
        # After the events: a secret that one of them names is masked in the description as well.
        described = known.redactor.redact(_described(raw))
        return _view(arn, described, known.complete is not None, known.graph, known.events)

    def _add_new_events(self, arn: str, known: _Known) -> None:
        last = known.events[-1]["id"] if known.events else 0
        fresh: list[dict[str, Any]] = []
        request = {"executionArn": arn, "includeExecutionData": True, "reverseOrder": True}
        request["maxResults"] = NEW_EVENTS if last else 1000
        while True:
            page = self._client.get_execution_history(**request)
            fresh += [event for event in page["events"] if event["id"] > last]
            seen_all = not page["events"] or page["events"][-1]["id"] <= last + 1
            if seen_all or "nextToken" not in page:
                break
            request["nextToken"] = page["nextToken"]
        before = known.redactor.known
        clean = known.redactor.redact(sorted(fresh, key=lambda event: int(event["id"])))
        if known.redactor.known > before:
            known.events = known.redactor.redact(known.events)
        known.events += clean


def _described(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name != "ResponseMetadata"}


def _is_end(event: dict[str, Any]) -> bool:
    return event["type"] in ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")


def _view(
    arn: str, described: dict[str, Any], complete: bool, graph: Graph, events: list[dict[str, Any]]
) -> ExecutionView:
    return ExecutionView(
        execution_arn=arn,
        machine=arn.split(":")[6],
        name=str(described["name"]),
        status=str(described["status"]),
        complete=complete,
        started_at=described["startDate"],
        stopped_at=described.get("stopDate"),
        error=str(described.get("error") or ""),
        cause=str(described.get("cause") or "")[:CAUSE_CHARACTERS],
        input=_cut(described.get("input")),
        output=_cut(described.get("output")),
        graph=graph,
        progress=read_progress(graph, events),
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else cut(text)
