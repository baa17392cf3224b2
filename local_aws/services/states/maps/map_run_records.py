"""Map runs in the store: what a distributed Map is doing, how far it came, and the inputs of its children.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict, cast

from local_aws.services.states.models import Failure

if TYPE_CHECKING:
    from local_aws.store import Store

MAP_RUN = "states:map_run"
#: Statuses of children that have ended, by the field of ``Counts`` that counts them.
ENDED = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timedOut", "ABORTED": "aborted"}
FAILED_FIELDS = ("failed", "timedOut", "aborted")


class MapRun(TypedDict):
    """``total`` counts children, ``items`` what they are given; both are known once the run is ``prepared``.

    ``running`` holds the indices of the children that run, ``again`` of those that a redrive is to run once more.
    ``executions`` and ``item_counts`` count what has ended.
    """

    arn: str
    execution: str
    machine: str
    label: str
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]
    started: datetime
    stopped: datetime | None
    express: bool
    max_concurrency: int
    tolerated_count: int | None
    tolerated_percentage: float | None
    prepared: bool
    items: int
    total: int
    launched: int
    running: list[int]
    executions: dict[str, int]
    item_counts: dict[str, int]
    failure: Failure | None
    redrives: NotRequired[int]
    redriven: NotRequired[datetime]
    again: NotRequired[list[int]]


class ChildInput(TypedDict):
    """The input of one child as JSON text, and how many items are in it."""

    input: str
    items: int


class MapRunRecords:
    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, arn: str) -> MapRun | None:
        return cast("MapRun | None", self._store.get(MAP_RUN, arn))

    def get(self, arn: str) -> MapRun:
        run = self.find(arn)
        if run is None:
            raise LookupError(f"no map run {arn}")
        return run

    def save(self, run: MapRun) -> None:
        self._store.put(MAP_RUN, run["arn"], run)

    def all(self) -> list[MapRun]:
        """In the order in which they started."""
        return [cast(MapRun, document) for _, document in self._store.list(MAP_RUN)]

    def add_inputs(self, arn: str, inputs: Sequence[ChildInput]) -> None:
        for entry in inputs:
            self._store.append(_stream(arn), entry)

    def inputs(self, arn: str, first: int, count: int | None = None) -> Iterator[ChildInput]:
        """From the child with index ``first`` on."""
        for _, entry in self._store.read(_stream(arn), first, count):
            yield cast(ChildInput, entry)

    def forget(self, execution: str) -> None:
        """The runs of this execution, with the inputs of their children."""
        for arn in self._store.keys(MAP_RUN, {"execution": execution}):
            self.drop_inputs(arn)
            self._store.delete(MAP_RUN, arn)

    def drop_inputs(self, arn: str) -> None:
        self._store.drop(_stream(arn))


def failed_items(run: MapRun) -> int:
    return sum(run["item_counts"].get(field, 0) for field in FAILED_FIELDS)


def exceeded(run: MapRun) -> bool:
    """Whether more items failed than the run tolerates; without any threshold that is one."""
    failed, count, percentage = failed_items(run), run["tolerated_count"], run["tolerated_percentage"]
    if count is None and percentage is None:
        return failed > 0
    return (count is not None and failed > count) or (
        percentage is not None and 100 * failed > percentage * run["items"]
    )


def _stream(arn: str) -> str:
    return f"states:map_inputs:{arn}"
