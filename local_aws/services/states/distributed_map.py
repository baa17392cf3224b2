"""Map in distributed mode: a map run, whose children are executions of their own.

How far a run came is in its document, so a restarted server goes on with it: what has ended is not run again.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any, Protocol

from local_aws.services.states.calls import Call
from local_aws.services.states.errors import (
    DATA_LIMIT_EXCEEDED,
    EXCEED_TOLERATED_FAILURE_THRESHOLD,
    StateError,
)
from local_aws.services.states.failures import error_of, failure_of
from local_aws.services.states.flow import Flow, Step, too_large
from local_aws.services.states.history import failure_details
from local_aws.services.states.item_batches import batcher_of, child_inputs
from local_aws.services.states.item_reader import Items, Reader, of_state
from local_aws.services.states.jsontext import MAX_BYTES, dumps, size
from local_aws.services.states.map_children import (
    arn_of,
    child_definition,
    count,
    ended_children,
    new_child,
    processor_field,
)
from local_aws.services.states.map_fields import MapFields
from local_aws.services.states.map_run_records import ChildInput, MapRun, MapRunRecords, exceeded
from local_aws.services.states.map_settings import children_at_once
from local_aws.services.states.models import Execution, State
from local_aws.services.states.result_writer import Results, Writer

MAX_LABEL = 40
NOT_IN_LABELS = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]""")
EXCEEDED = "The specified tolerated failure threshold was exceeded"


class Host(Protocol):
    """What runs executions."""

    def enroll(self, execution: Execution) -> None:
        """Keep a new execution; inside a transaction."""

    def runtime(self, execution: Execution) -> object:
        """Set an execution going that is kept as running."""

    def is_running(self, arn: str) -> bool: ...

    def stop(self, execution: Execution, error: str | None, cause: str | None) -> object: ...


def run_distributed_map(host: Host, flow: Flow, state: State) -> Step:
    if flow.frame["outcome"] is None:
        if flow.frame["fork"] is None:
            _begin(flow, state)
        DistributedMap(host, flow, state).run()
    outcome = flow.frame["outcome"] or {}
    scope = flow.scope(state).with_result(outcome.get("result"))
    return flow.completed(flow.language(state).complete(state, scope, outcome.get("result"), ""), state.get("Next"))


def _begin(flow: Flow, state: State) -> None:
    """Commit a new map run. What is evaluated here fails the state before its run exists."""
    language, scope = flow.language(state), flow.scope(state)
    fields, reads = MapFields(language, state, scope), "ItemReader" in state
    run = _new_run(flow, state, fields)
    inputs: list[ChildInput] = []
    length = 0
    if not reads:
        items = of_state(language.items(state, scope))
        inputs = child_inputs(language, state, scope, items, batcher_of(state, fields))
        length = len(items.values)
    maps = MapRunRecords(flow.runtime.context.store)
    with flow.runtime.commit(flow.path):
        started = flow.append("MapStateStarted", {"mapStateStartedEventDetails": {"length": length}})
        flow.append("MapRunStarted", {"mapRunStartedEventDetails": {"mapRunArn": run["arn"]}})
        number = flow.frame["forks"] + 1
        flow.frame.update({"forks": number})
        flow.frame["fork"] = {
            "number": number,
            "inputs": [],
            "limit": 0,
            "launched": 0,
            "started": started,
            "map_run": run["arn"],
        }
        if not reads:
            _prepared(maps, run, inputs, length)
        maps.save(run)
        flow.save()


def _new_run(flow: Flow, state: State, fields: MapFields) -> MapRun:
    aws, machine = flow.runtime.context, str(flow.runtime.context_object()["StateMachine"]["Name"])
    label = str(state.get("Label") or NOT_IN_LABELS.sub("", flow.frame["state"])[:MAX_LABEL])
    # A run inside a child belongs to the child's machine: its label is replaced.
    name = f"{machine.partition('/')[0]}/{label}"
    config = state[processor_field(state)]["ProcessorConfig"]
    return {
        "arn": aws.arn("states", f"mapRun:{name}:{uuid.uuid4()}"),
        "execution": flow.runtime.arn,
        "machine": aws.arn("states", f"stateMachine:{name}"),
        "label": label,
        "status": "RUNNING",
        "started": datetime.now(UTC),
        "stopped": None,
        "express": config.get("ExecutionType") == "EXPRESS",
        "max_concurrency": fields.whole_number(state, "MaxConcurrency") or 0,
        "tolerated_count": fields.whole_number(state, "ToleratedFailureCount"),
        "tolerated_percentage": fields.number(state, "ToleratedFailurePercentage"),
        "prepared": False,
        "items": 0,
        "total": 0,
        "launched": 0,
        "running": [],
        "executions": {},
        "item_counts": {},
        "failure": None,
    }


def _prepared(maps: MapRunRecords, run: MapRun, inputs: list[ChildInput], items: int) -> None:
    maps.add_inputs(run["arn"], inputs)
    run.update({"prepared": True, "items": items, "total": len(inputs)})


class DistributedMap:
    """A map run on its way: children are started, awaited and counted until all have ended or too many failed."""

    def __init__(self, host: Host, flow: Flow, state: State) -> None:
        fork = flow.frame["fork"]
        assert fork is not None  # noqa: S101 - begun by the caller
        self.host = host
        self.flow = flow
        self.state = state
        self.runtime = flow.runtime
        self.maps = MapRunRecords(self.runtime.context.store)
        self.arn = fork["map_run"]
        self._definition = child_definition(self.runtime.definition, state)

    def run(self) -> None:
        """Raises what the run failed with, once that is in the history; the frame's outcome holds the result."""
        failure = self.maps.get(self.arn)["failure"]
        if failure is not None:
            raise error_of(failure)
        try:
            if not self.maps.get(self.arn)["prepared"]:
                self._prepare()
            self._await_children()
            result = self._result()
        except StateError as error:
            self._fail(error)
            raise
        with self.runtime.commit(self.flow.path):
            self._end("SUCCEEDED")
            last = self.flow.append("MapRunSucceeded")
            # As for a Map in inline mode, this event is no link of the chain.
            self.runtime.append("MapStateSucceeded", last)
            self.flow.frame.update({"fork": None, "outcome": {"result": result}})
            self.flow.save()

    def _prepare(self) -> None:
        """Read the items and keep the children's inputs."""
        language, scope = self.flow.language(self.state), self.flow.scope(self.state)
        fields, part = MapFields(language, self.state, scope), self.state["ItemReader"]
        config = part.get("ReaderConfig", {})
        limit = fields.whole_number(config, "MaxItems", "ItemReader/ReaderConfig") or None
        reader = Reader(part["Resource"], fields.arguments(part, "ItemReader"), config, limit)
        items: Items = self._call(lambda: reader.read(self.runtime.context.client))
        inputs = child_inputs(language, self.state, scope, items, batcher_of(self.state, fields))
        with self.runtime.commit(self.flow.path):
            run = self.maps.get(self.arn)
            _prepared(self.maps, run, inputs, len(items.values))
            self.maps.save(run)

    def _await_children(self) -> None:
        while True:
            run = self._count_ended(launch=True)
            if exceeded(run):
                self._stop_children(run)
                raise StateError(EXCEED_TOLERATED_FAILURE_THRESHOLD, EXCEEDED)
            if run["launched"] == run["total"] and not run["running"]:
                return
            self.runtime.wait(self.flow.path, None, lambda seen=run: self._news(seen))  # type: ignore[misc]

    def _news(self, seen: MapRun) -> bool | None:
        """Whether a child has ended, or the run's settings were changed."""
        if not all(self.host.is_running(arn_of(seen, index)) for index in seen["running"]):
            return True
        now = self.maps.get(self.arn)
        settings = ("max_concurrency", "tolerated_count", "tolerated_percentage")
        return True if any(now[name] != seen[name] for name in settings) else None  # type: ignore[literal-required]

    def _count_ended(self, *, launch: bool) -> MapRun:
        """Count the children that have ended and start as many as there are places for; returns the run as it is."""
        records, going = self.runtime.records, []
        with self.runtime.commit(self.flow.path):
            run = self.maps.get(self.arn)
            for index in list(run["running"]):
                child = records.execution(arn_of(run, index))
                if child is not None and child["status"] != "RUNNING":
                    count(run, index, child)
                elif child is not None:
                    going.append(child)
            if launch and not exceeded(run):
                going += self._enroll(run)
            self.maps.save(run)
        for child in going:
            # After a restart those that were under way are taken up here as well.
            if not self.host.is_running(child["arn"]):
                self.host.runtime(child)
        return run

    def _enroll(self, run: MapRun) -> list[Execution]:
        """Inside a commit: the next children."""
        parent = self.runtime.records.execution(self.runtime.arn)
        free = children_at_once(run["max_concurrency"]) - len(run["running"])
        if parent is None or free <= 0 or run["launched"] == run["total"]:
            return []
        children = []
        for given in self.maps.inputs(self.arn, run["launched"], free):
            child = new_child(parent, run, self._definition, run["launched"], given)
            self.host.enroll(child)
            run["running"].append(run["launched"])
            run["launched"] += 1
            children.append(child)
        return children

    def _stop_children(self, run: MapRun) -> None:
        for index in run["running"]:
            child = self.runtime.records.execution(arn_of(run, index))
            if child is not None:
                self.host.stop(child, None, None)
        self._count_ended(launch=False)

    def _result(self) -> Any:
        writer = self._writer()
        if writer.arguments is not None:
            return self._call(lambda: writer.export(self.runtime.context.client, self.arn, self._results()))
        result = writer.output(self._results())
        if size(dumps(result)) > MAX_BYTES:
            raise StateError(DATA_LIMIT_EXCEEDED, too_large(self.flow.frame["state"]), terminal=True)
        return result

    def _writer(self) -> Writer:
        part = self.state.get("ResultWriter", {})
        fields = MapFields(self.flow.language(self.state), self.state, self.flow.scope(self.state))
        arguments = fields.arguments(part, "ResultWriter") if "Resource" in part else None
        return Writer(arguments, part.get("WriterConfig"))

    def _results(self) -> Results:
        run = self.maps.get(self.arn)
        return Results(
            lambda: ended_children(self.runtime.records, run), lambda: self.maps.inputs(self.arn, run["launched"])
        )

    def _call(self, make: Any) -> Any:
        return Call(self.runtime, self.flow.path, make, lambda _: None).result(None)

    def _fail(self, error: StateError) -> None:
        """Write down the run's failure; the flow writes down the state's. Results are exported all the same."""
        if error.error == EXCEED_TOLERATED_FAILURE_THRESHOLD:
            try:
                writer = self._writer()
                if writer.arguments is not None:
                    self._call(lambda: writer.export(self.runtime.context.client, self.arn, self._results()))
            except StateError:
                # The failure that is told is the one that came first.
                pass
        with self.runtime.commit(self.flow.path):
            self._end("FAILED", error)
            details = failure_details(error.error, error.cause)
            self.flow.append("MapRunFailed", {"mapRunFailedEventDetails": details})
            self.flow.save()

    def _end(self, status: Any, error: StateError | None = None) -> None:
        run = self.maps.get(self.arn)
        failure = None if error is None else failure_of(error)
        run.update({"status": status, "stopped": datetime.now(UTC), "failure": failure})
        self.maps.save(run)
        self.maps.drop_inputs(self.arn)
