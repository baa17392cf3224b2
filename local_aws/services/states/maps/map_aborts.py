"""Map runs whose state nobody waits for any more: their children are stopped, also by a server that was restarted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from local_aws.services.states.maps.map_children import arn_of, count
from local_aws.services.states.maps.map_run_records import MapRun, MapRunRecords
from local_aws.services.states.models import Execution, Frame
from local_aws.services.states.records import Records

if TYPE_CHECKING:
    from local_aws.store import Store


class Stopper(Protocol):
    def stop(self, execution: Execution, error: str | None, cause: str | None) -> object: ...


def abort_map_run(store: Store, frame: Frame) -> bool:
    """Inside a commit: the frame's map run, if it has one under way, is over. True if children are to be stopped."""
    fork = frame["fork"]
    if fork is None or "map_run" not in fork:
        return False
    maps = MapRunRecords(store)
    run = maps.get(fork["map_run"])
    if run["status"] != "RUNNING":
        return False
    run.update({"status": "ABORTED", "stopped": datetime.now(UTC)})
    maps.save(run)
    return True


def orphans(store: Store) -> list[MapRun]:
    """Runs that are over while children of theirs may still run."""
    return [run for run in MapRunRecords(store).all() if run["status"] != "RUNNING" and run["running"]]


def settle(stopper: Stopper, store: Store, run: MapRun) -> None:
    """Stop the children of an orphan and count them."""
    records, maps = Records(store), MapRunRecords(store)
    for index in run["running"]:
        child = records.execution(arn_of(run, index))
        if child is not None:
            stopper.stop(child, None, None)
    with store.transaction():
        now = maps.get(run["arn"])
        for index in list(now["running"]):
            child = records.execution(arn_of(now, index))
            if child is not None and child["status"] != "RUNNING":
                count(now, index, child)
        maps.save(now)
