"""A map run that goes on after its execution was redriven: children that failed run again, those that succeeded do not.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from local_aws.api import ApiError
from local_aws.services.states import history
from local_aws.services.states.maps.map_children import arn_of, new_child
from local_aws.services.states.maps.map_run_records import FAILED_FIELDS, ChildInput, MapRun, MapRunRecords
from local_aws.services.states.models import Execution, Fork
from local_aws.services.states.records import Records


class Reviver(Protocol):
    def enroll(self, execution: Execution) -> None: ...

    def enroll_again(self, execution: Execution) -> None: ...


def restore(records: Records, fork: Fork, event: int) -> int:
    """Inside the transaction of a redrive; ``event`` is the last event so far. Returns the id of MapRunRedriven.

    Raises ``ApiError`` ExecutionNotRedrivable while children of the run are still being stopped.
    """
    maps = MapRunRecords(records.store)
    run = maps.get(fork["map_run"])
    if run["running"]:
        raise ApiError("ExecutionNotRedrivable", "Children of the Map Run are still being stopped: try again")
    children = ((index, records.execution(arn_of(run, index))) for index in range(run["launched"]))
    again = [index for index, child in children if child is None or child["status"] != "SUCCEEDED"]
    for counts in (run["executions"], run["item_counts"]):
        for field in FAILED_FIELDS:
            counts.pop(field, None)
    redrives = run.get("redrives", 0) + 1
    run.update({"status": "RUNNING", "stopped": None, "failure": None, "again": again})
    run.update({"redrives": redrives, "redriven": datetime.now(UTC)})
    maps.save(run)
    details = {"mapRunArn": run["arn"], "redriveCount": redrives}
    kind, store = "MapRunRedriven", records.store
    return history.append(store, run["execution"], kind, event, {"mapRunRedrivenEventDetails": details})


def run_again(
    host: Reviver, records: Records, parent: Execution, run: MapRun, definition: str, index: int, given: ChildInput
) -> Execution:
    """Inside a commit: a Standard child goes on where it failed, an Express one begins anew."""
    child = records.execution(arn_of(run, index))
    if run["express"] or child is None or not records.redrivable(child["arn"]):
        child = new_child(parent, run, definition, index, given)
        records.store.drop(history.stream(child["arn"]))
        host.enroll(child)
        return child
    child.update({"status": "RUNNING", "stopped": None, "output": None, "error": None, "cause": None})
    child.update({"redrives": child.get("redrives", 0) + 1, "redriven": datetime.now(UTC)})
    host.enroll_again(child)
    return child
