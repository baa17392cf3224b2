"""Map in distributed mode: a map run, whose children are executions of their own.

How far a run came is in its document, so a restarted server goes on with it: what has ended is not run again.
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

from local_aws.services.states.errors import (
    DATA_LIMIT_EXCEEDED,
    EXCEED_TOLERATED_FAILURE_THRESHOLD,
    StateError,
)
from local_aws.services.states.failures import error_of, failure_of
from local_aws.services.states.flow import Flow, Step, too_large
from local_aws.services.states.history import failure_details
from local_aws.services.states.jsontext import MAX_BYTES, dumps, size
from local_aws.services.states.maps.item_batches import batcher_of, child_inputs
from local_aws.services.states.maps.item_reader import Items, Reader
from local_aws.services.states.maps.map_begin import begin, prepare
from local_aws.services.states.maps.map_children import (
    arn_of,
    child_definition,
    count,
    ended_children,
    new_child,
)
from local_aws.services.states.maps.map_fields import MapFields
from local_aws.services.states.maps.map_redrive import run_again
from local_aws.services.states.maps.map_run_records import MapRun, MapRunRecords, exceeded
from local_aws.services.states.maps.result_writer import Results, Writer
from local_aws.services.states.models import Execution, State
from local_aws.services.states.tasks.calls import Call
from local_aws.settings import StatesSettings

EXCEEDED = "The specified tolerated failure threshold was exceeded"


class Host(Protocol):
    """What runs executions."""

    def enroll(self, execution: Execution) -> None:
        """Keep a new execution; inside a transaction."""

    def enroll_again(self, execution: Execution) -> None:
        """Keep an execution that goes on where it failed; inside a transaction."""

    def runtime(self, execution: Execution) -> object:
        """Set an execution going that is kept as running."""

    def is_running(self, arn: str) -> bool: ...

    def stop(self, execution: Execution, error: str | None, cause: str | None) -> object: ...


def run_distributed_map(host: Host, flow: Flow, state: State) -> Step:
    if flow.frame["outcome"] is None:
        if flow.frame["fork"] is None:
            begin(flow, state)
        DistributedMap(host, flow, state).run()
    outcome = flow.frame["outcome"] or {}
    scope = flow.scope(state).with_result(outcome.get("result"))
    return flow.completed(flow.language(state).complete(state, scope, outcome.get("result"), ""), state.get("Next"))


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
        self._settings = StatesSettings.from_environment()
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
            prepare(self.maps, run, inputs, len(items.values))
            self.maps.save(run)

    def _await_children(self) -> None:
        while True:
            run = self._count_ended(launch=True)
            if exceeded(run):
                self._stop_children(run)
                raise StateError(EXCEED_TOLERATED_FAILURE_THRESHOLD, EXCEEDED)
            if run["launched"] == run["total"] and not run["running"] and not run.get("again"):
                return
            self.runtime.wait_parked(self.flow.path, None, lambda seen=run: self._news(seen))  # type: ignore[misc]

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
        free = self._settings.children_at_once(run["max_concurrency"]) - len(run["running"])
        if parent is None or free <= 0:
            return []
        children, again = [], run.get("again", [])
        for index in again[:free]:
            [given] = self.maps.inputs(self.arn, index, 1)
            children.append(run_again(self.host, self.runtime.records, parent, run, self._definition, index, given))
            run["running"].append(index)
        run["again"] = again[len(children) :]
        fresh = min(free - len(children), run["total"] - run["launched"])
        for given in self.maps.inputs(self.arn, run["launched"], fresh):
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
        if error is None:
            self.maps.drop_inputs(self.arn)
