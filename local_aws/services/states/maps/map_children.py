"""The child workflow executions of a map run: executions of their own, named by the run and their index."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages.known import language_name
from local_aws.services.states.maps.map_run_records import ENDED, ChildInput, MapRun
from local_aws.services.states.models import Execution, State
from local_aws.services.states.records import Records

#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html (maximum time of an Express execution)
EXPRESS_SECONDS = 300
PROCESSOR_FIELDS = ("Comment", "StartAt", "States")


def processor_field(state: Mapping[str, Any]) -> str:
    """``ItemProcessor``, or the name that it had before (state-map-inline.html)."""
    return "ItemProcessor" if "ItemProcessor" in state else "Iterator"


def is_distributed(state: Mapping[str, Any]) -> bool:
    return bool(state[processor_field(state)].get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED")


def child_definition(definition: Mapping[str, Any], state: State) -> str:
    """The item processor as a state machine of its own."""
    processor = state[processor_field(state)]
    fields = {name: processor[name] for name in PROCESSOR_FIELDS if name in processor}
    return dumps({"QueryLanguage": language_name(definition, state), **fields})


def new_child(parent: Execution, run: MapRun, definition: str, index: int, given: ChildInput) -> Execution:
    """The same for the same index, so that a child is never started twice."""
    return {
        "type": "EXPRESS" if run["express"] else "STANDARD",
        "arn": arn_of(run, index),
        "name": name_of(run, index),
        "machine": run["machine"],
        "machine_name": run["machine"].rpartition(":")[2],
        "definition": definition,
        "role": parent["role"],
        "revision": None,
        "machine_updated": parent["machine_updated"],
        "input": given["input"],
        "status": "RUNNING",
        "started": datetime.now(UTC),
        "stopped": None,
        "deadline": time.time() + EXPRESS_SECONDS if run["express"] else None,
        "output": None,
        "error": None,
        "cause": None,
        "child_of": {"run": run["arn"], "parent": run["execution"], "label": run["label"], "items": given["items"]},
    }


def name_of(run: MapRun, index: int) -> str:
    return str(uuid.uuid5(uuid.UUID(run["arn"].rpartition(":")[2]), str(index)))


def arn_of(run: MapRun, index: int) -> str:
    name = name_of(run, index)
    if run["express"]:
        return f"{run['machine'].replace(':stateMachine:', ':express:')}:{name}:{run['arn'].rpartition(':')[2]}"
    return f"{run['machine'].replace(':stateMachine:', ':execution:')}:{name}"


def ended_children(records: Records, run: MapRun) -> Iterator[Execution]:
    """Those that have ended, in the order of their items."""
    for index in range(run["launched"]):
        execution = records.execution(arn_of(run, index))
        if execution is not None and execution["status"] != "RUNNING":
            yield execution


def count(run: MapRun, index: int, execution: Execution) -> None:
    """Note in ``run`` that a child has ended."""
    run["running"].remove(index)
    field, child_of = ENDED[execution["status"]], execution.get("child_of")
    items = child_of["items"] if child_of else 1
    run["executions"][field] = run["executions"].get(field, 0) + 1
    run["item_counts"][field] = run["item_counts"].get(field, 0) + items
