"""The beginning of a map run: what is evaluated before it exists, and its document.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from local_aws.services.states.definitions.maps import MAX_LABEL, NOT_IN_LABELS
from local_aws.services.states.flow import Flow
from local_aws.services.states.maps.item_batches import batcher_of, child_inputs
from local_aws.services.states.maps.item_reader import of_state
from local_aws.services.states.maps.map_children import processor_field
from local_aws.services.states.maps.map_fields import MapFields
from local_aws.services.states.maps.map_run_records import ChildInput, MapRun, MapRunRecords
from local_aws.services.states.models import State


def begin(flow: Flow, state: State) -> None:
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
            prepare(maps, run, inputs, length)
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


def prepare(maps: MapRunRecords, run: MapRun, inputs: list[ChildInput], items: int) -> None:
    maps.add_inputs(run["arn"], inputs)
    run.update({"prepared": True, "items": items, "total": len(inputs)})
