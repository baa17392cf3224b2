"""Parallel and Map: flows inside a flow, each on its own thread, each with a frame of its own.

Finished children stay finished: their frames hold their outputs until all are there.
"""

from __future__ import annotations

from local_aws.services.states import history
from local_aws.services.states.failures import error_of
from local_aws.services.states.flow import Flow, Step, is_iteration, map_name
from local_aws.services.states.maps.item_batches import item_input
from local_aws.services.states.maps.item_reader import Items, of_state
from local_aws.services.states.maps.map_children import processor_field
from local_aws.services.states.models import Finished, Fork, Frame, MapItem, State
from local_aws.services.states.new_frames import new_frame

#: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
MAX_INLINE_CONCURRENCY = 40
#: Types whose unfinished states AWS reports as aborted when a sibling fails.
ABORTABLE = ("Task", "Wait", "Parallel", "Map")


def run_parallel(flow: Flow, state: State) -> Step:
    if flow.frame["outcome"] is None:
        if flow.frame["fork"] is None:
            value = flow.language(state).arguments(state, flow.scope(state))
            _begin(flow, "Parallel", [value] * len(state["Branches"]), len(state["Branches"]))
        _join(flow, state)
    return _completed(flow, state)


def run_map(flow: Flow, state: State) -> Step:
    if flow.frame["outcome"] is None:
        if flow.frame["fork"] is None:
            language, scope = flow.language(state), flow.scope(state)
            limit = language.whole_number(state, "MaxConcurrency", scope) or MAX_INLINE_CONCURRENCY
            items = of_state(language.items(state, scope))
            _begin(flow, "Map", items.values, min(limit, MAX_INLINE_CONCURRENCY), items.keys)
        _join(flow, state)
    return _completed(flow, state)


def _completed(flow: Flow, state: State) -> Step:
    outcome = flow.frame["outcome"] or {}
    scope = flow.scope(state).with_result(outcome.get("result"))
    return flow.completed(flow.language(state).complete(state, scope, outcome.get("result"), ""), state.get("Next"))


def _begin(flow: Flow, kind: str, inputs: list[object], limit: int, keys: list[str] | None = None) -> None:
    with flow.runtime.commit(flow.path):
        details = {"mapStateStartedEventDetails": {"length": len(inputs)}} if kind == "Map" else None
        started = flow.append(f"{kind}StateStarted", details)
        number = flow.frame["forks"] + 1
        fork: Fork = {"number": number, "inputs": inputs, "limit": limit, "launched": 0, "started": started}
        if keys is not None:
            fork["keys"] = keys
        flow.frame.update({"forks": number, "fork": fork})
        flow.save()


class _Children:
    """The children of a fork: which run, which are done, and what the next one's first event follows."""

    def __init__(self, flow: Flow, fork: Fork) -> None:
        self.flow = flow
        self.fork = fork
        done = sorted(self.finished().values(), key=lambda finished: finished["event"])
        free = max(0, fork["limit"] - (fork["launched"] - len(done)))
        # An iteration that takes over a finished one's place follows that one's last event.
        taken_over = [finished["previous"] for finished in done][-free:] if free else []
        self.places = [fork["started"]] * (free - len(taken_over)) + taken_over
        self.seen = set(self.finished())

    def path(self, index: int) -> str:
        return f"{self.flow.path}/{self.fork['number']}.{index}"

    def finished(self) -> dict[int, Finished]:
        results = self.flow.runtime.results
        paths = {index: self.path(index) for index in range(self.fork["launched"])}
        return {index: results[path] for index, path in paths.items() if path in results}

    def news(self) -> dict[int, Finished] | None:
        """All that are finished, once there is one more of them."""
        finished = self.finished()
        return finished if len(finished) > len(self.seen) else None

    def note(self, finished: dict[int, Finished]) -> None:
        fresh = [result for index, result in finished.items() if index not in self.seen]
        self.places += [result["previous"] for result in sorted(fresh, key=lambda result: result["event"])]
        self.seen = set(finished)


def _join(flow: Flow, state: State) -> None:
    """Launch and await all children; the frame then holds the outcome. Raises the first failure of a child."""
    fork = flow.frame["fork"]
    assert fork is not None  # noqa: S101 - begun by the caller
    children = _Children(flow, fork)
    finished = children.finished()
    while True:
        failed = [index for index, result in finished.items() if "failure" in result]
        if failed:
            first = min(failed, key=lambda index: finished[index]["event"])
            _fail(flow, state, children, first, finished[first])
        _launch(flow, state, children)
        if len(finished) == len(fork["inputs"]):
            _succeed(flow, state, fork, finished)
            return
        finished = flow.runtime.wait_parked(flow.path, None, children.news) or finished
        children.note(finished)


def _launch(flow: Flow, state: State, children: _Children) -> None:
    """Start as many children as there are places for."""
    fork, first = children.fork, children.fork["launched"]
    count = min(len(children.places), len(fork["inputs"]) - first)
    if not count:
        return
    new = [_child(flow, state, children, first + place) for place in range(count)]
    with flow.runtime.commit(flow.path):
        for child in new:
            child["previous"] = children.places.pop(0)
            if is_iteration(child) and child["item"] is not None:
                details = history.map_iteration("Started", flow.frame["state"], child["item"]["Index"])
                child["previous"] = flow.runtime.append("MapIterationStarted", child["previous"], details)
            flow.runtime.records.save_frame(child)
        fork["launched"] = first + count
        flow.save()
    for child in new:
        flow.launch(child)


def _child(flow: Flow, state: State, children: _Children, index: int) -> Frame:
    frame, item = flow.frame, children.fork["inputs"][index]
    value: object = item
    inside: list[str | int] = ["Branches", index]
    if state["Type"] == "Map":
        items = Items(children.fork["inputs"], children.fork.get("keys"), None)
        value = item_input(flow.language(state), state, flow.scope(state), items, index)
        inside = [processor_field(state)]
    block = [*frame["block"], "States", frame["state"], *inside]
    start = (state[processor_field(state)] if state["Type"] == "Map" else state["Branches"][index])["StartAt"]
    child = new_frame(frame["execution"], children.path(index), block, start, value, 0)
    child["outer"] = {**frame["outer"], **frame["variables"]}
    child["item"] = _item(children.fork, index) if state["Type"] == "Map" else frame["item"]
    return child


def _item(fork: Fork, index: int) -> MapItem:
    item: MapItem = {"Index": index, "Value": fork["inputs"][index]}
    if "keys" in fork:
        item["Key"] = fork["keys"][index]
    return item


def _succeed(flow: Flow, state: State, fork: Fork, finished: dict[int, Finished]) -> None:
    last = max((result["event"] for result in finished.values()), default=fork["started"])
    with flow.runtime.commit(flow.path):
        # On AWS this event is no link of the chain: the state's exit follows the last child.
        flow.runtime.append(f"{state['Type']}StateSucceeded", last)
        outputs = [finished[index]["output"] for index in range(len(finished))]
        flow.frame.update({"previous": last, "fork": None, "outcome": {"result": outputs}})
        flow.runtime.drop_children(flow.frame)
        flow.save()


def _fail(flow: Flow, state: State, children: _Children, index: int, result: Finished) -> None:
    failure, previous = result["failure"], result["previous"]
    runtime = flow.runtime
    with runtime.commit(flow.path):
        running = [child for child in runtime.records.frames(runtime.arn, f"{flow.path}/") if _runs(child)]
        if state["Type"] == "Map":
            runtime.append("MapIterationFailed", previous, history.map_iteration("Failed", flow.frame["state"], index))
        for child in running:
            _abort(flow, child, previous)
        flow.frame["previous"] = runtime.append(f"{state['Type']}StateFailed", previous)
        flow.frame.update({"fork": None, "outcome": {"failure": failure}})
        cancelled = runtime.drop_children(flow.frame)
        flow.save()
    if cancelled:
        runtime.stop_cancelled_jobs()
    raise error_of(failure)


def _runs(child: Frame) -> bool:
    return child["finished"] is None


def _abort(flow: Flow, child: Frame, previous: int) -> None:
    """The events of a sibling that a failure ends; only direct children show."""
    if child["path"].count("/") != flow.path.count("/") + 1:
        return
    if is_iteration(child) and child["item"] is not None:
        details = history.map_iteration("Aborted", map_name(child), child["item"]["Index"])
        flow.runtime.append("MapIterationAborted", previous, details)
    kind = flow.runtime.state_of(child)["Type"]
    if kind in ABORTABLE and child["entered"] is not None:
        flow.runtime.append(f"{kind}StateAborted", previous)
