"""The operations on map runs.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NotRequired, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.services.states.engine import engine_of
from local_aws.services.states.machines.machine_checks import check_arn
from local_aws.services.states.maps.map_children import arn_of
from local_aws.services.states.maps.map_run_records import ENDED, MapRun, MapRunRecords
from local_aws.services.states.models import Execution
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records
from local_aws.services.states.requests import Empty

MAP_RUN_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:mapRun:[^/]+/[^:]+:[\w-]+")


class MapRunRequest(TypedDict):
    mapRunArn: str


class DescribeMapRunResponse(TypedDict):
    mapRunArn: str
    executionArn: str
    status: str
    startDate: datetime
    stopDate: NotRequired[datetime]
    maxConcurrency: int
    toleratedFailurePercentage: float
    toleratedFailureCount: int
    itemCounts: dict[str, int]
    executionCounts: dict[str, int]
    redriveCount: int
    redriveDate: NotRequired[datetime]


class ListMapRunsRequest(TypedDict):
    executionArn: str
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class MapRunItem(TypedDict):
    executionArn: str
    mapRunArn: str
    stateMachineArn: str
    startDate: datetime
    stopDate: NotRequired[datetime]


class ListMapRunsResponse(TypedDict):
    mapRuns: list[MapRunItem]
    nextToken: NotRequired[str]


class UpdateMapRunRequest(TypedDict):
    mapRunArn: str
    maxConcurrency: NotRequired[int]
    toleratedFailurePercentage: NotRequired[float]
    toleratedFailureCount: NotRequired[int]


@operation("stepfunctions", "DescribeMapRun")
def describe_map_run(aws: Context, request: MapRunRequest) -> DescribeMapRunResponse:
    run = find_map_run(aws, request["mapRunArn"])
    again = run.get("again", [])
    running, waiting = (sum(_items_of(aws, run, index) for index in some) for some in (run["running"], again))
    described: DescribeMapRunResponse = {
        "mapRunArn": run["arn"],
        "executionArn": run["execution"],
        "status": run["status"],
        "startDate": run["started"],
        "maxConcurrency": run["max_concurrency"],
        "toleratedFailurePercentage": float(run["tolerated_percentage"] or 0.0),
        "toleratedFailureCount": run["tolerated_count"] or 0,
        "itemCounts": _counts(run, run["item_counts"], run["items"], running, waiting),
        "executionCounts": _counts(run, run["executions"], run["total"], len(run["running"]), len(again)),
        "redriveCount": run.get("redrives", 0),
    }
    if "redriven" in run:
        described["redriveDate"] = run["redriven"]
    if run["stopped"] is not None:
        described["stopDate"] = run["stopped"]
    return described


@operation("stepfunctions", "ListMapRuns")
def list_map_runs(aws: Context, request: ListMapRunsRequest) -> ListMapRunsResponse:
    """The map runs of an execution, the newest first."""
    arn = request["executionArn"]
    if Records(aws.store).execution(arn) is None:
        raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    runs = [_item(run) for run in reversed(MapRunRecords(aws.store).all()) if run["execution"] == arn]
    shown, token = page(runs, f"map runs {arn}", request.get("maxResults"), request.get("nextToken"))
    return {"mapRuns": shown, "nextToken": token} if token else {"mapRuns": shown}


@operation("stepfunctions", "UpdateMapRun")
def update_map_run(aws: Context, request: UpdateMapRunRequest) -> Empty:
    """Takes effect on a run under way."""
    maps = MapRunRecords(aws.store)
    with aws.store.transaction():
        run = find_map_run(aws, request["mapRunArn"])
        if run["status"] != "RUNNING":
            raise ApiError("ValidationException", f"Map Run is {run['status']} and cannot be updated")
        run["max_concurrency"] = request.get("maxConcurrency", run["max_concurrency"])
        run["tolerated_count"] = request.get("toleratedFailureCount", run["tolerated_count"])
        run["tolerated_percentage"] = request.get("toleratedFailurePercentage", run["tolerated_percentage"])
        maps.save(run)
    engine_of(aws).notify(run["execution"])
    return {}


def find_map_run(aws: Context, arn: str) -> MapRun:
    """Raises ``ApiError`` InvalidArn or ResourceNotFound."""
    check_arn(arn, MAP_RUN_ARN)
    run = MapRunRecords(aws.store).find(arn)
    if run is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'")
    return run


def children_of(aws: Context, arn: str) -> list[Execution]:
    """The child workflow executions of a map run, in the order of their items.

    Raises ``ApiError`` StateMachineTypeNotSupported for Express ones, which AWS does not list.
    """
    run = find_map_run(aws, arn)
    if run["express"]:
        raise ApiError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    found = (Records(aws.store).execution(arn_of(run, index)) for index in range(run["launched"]))
    return [execution for execution in found if execution is not None]


def _items_of(aws: Context, run: MapRun, index: int) -> int:
    for entry in MapRunRecords(aws.store).inputs(run["arn"], index, 1):
        return entry["items"]
    return 1


def _counts(run: MapRun, ended: dict[str, int], total: int, running: int, again: int) -> dict[str, int]:
    counts = {field: ended.get(field, 0) for field in ENDED.values()}
    done = sum(counts.values())
    written = done if run["status"] in ("SUCCEEDED", "FAILED") else 0
    shown = {"pending": total - done - running - again, "running": running, "total": total, "resultsWritten": written}
    return {**counts, **shown, **({"pendingRedrive": again} if "redrives" in run else {})}


def _item(run: MapRun) -> MapRunItem:
    item: MapRunItem = {
        "executionArn": run["execution"],
        "mapRunArn": run["arn"],
        "stateMachineArn": run["machine"],
        "startDate": run["started"],
    }
    if run["stopped"] is not None:
        item["stopDate"] = run["stopped"]
    return item
