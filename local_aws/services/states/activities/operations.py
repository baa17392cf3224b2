"""The operations on activities.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.states.activities import records as activities
from local_aws.services.states.activities.records import Activity, ActivityRecords
from local_aws.services.states.engine import engine_of
from local_aws.services.states.machines.machine_checks import check_arn, check_name
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records
from local_aws.services.states.requests import Empty, ListRequest, Tag

ACTIVITY_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:.+")
#: How long GetActivityTask waits for a task.
POLL_SECONDS = 60.0


class CreateActivityRequest(TypedDict):
    name: str
    tags: NotRequired[list[Tag]]
    encryptionConfiguration: NotRequired[dict[str, Any]]


class CreateActivityResponse(TypedDict):
    activityArn: str
    creationDate: datetime


class ActivityRequest(TypedDict):
    activityArn: str


class ActivityItem(TypedDict):
    activityArn: str
    name: str
    creationDate: datetime


class ListActivitiesResponse(TypedDict):
    activities: list[ActivityItem]
    nextToken: NotRequired[str]


class GetActivityTaskRequest(TypedDict):
    activityArn: str
    workerName: NotRequired[str]


class GetActivityTaskResponse(TypedDict, total=False):
    taskToken: str
    input: str


@operation("stepfunctions", "CreateActivity")
def create_activity(aws: Context, request: CreateActivityRequest) -> CreateActivityResponse:
    """Creating an activity that exists answers as the first time."""
    check_name(request["name"])
    if request.get("encryptionConfiguration", {}).get("type", "AWS_OWNED_KEY") != "AWS_OWNED_KEY":
        raise ApiError(
            "InvalidEncryptionConfiguration",
            "Invalid Encryption Configuration: 'local_aws encrypts activities with no key of yours: use AWS_OWNED_KEY'",
        )
    known, arn = ActivityRecords(aws.store), aws.arn("states", f"activity:{request['name']}")
    with aws.store.transaction():
        activity = known.find(arn)
        if activity is None:
            tags = cast("list[dict[str, str]]", request.get("tags", []))
            activity = {"arn": arn, "name": request["name"], "created": datetime.now(UTC), "tags": tags}
            known.save(activity)
    return {"activityArn": arn, "creationDate": activity["created"]}


@operation("stepfunctions", "DescribeActivity")
def describe_activity(aws: Context, request: ActivityRequest) -> ActivityItem:
    return _item(_find(aws, request["activityArn"]))


@operation("stepfunctions", "ListActivities")
def list_activities(aws: Context, request: ListRequest) -> ListActivitiesResponse:
    items = [_item(activity) for activity in ActivityRecords(aws.store).all()]
    shown, token = page(items, "activities", request.get("maxResults"), request.get("nextToken"))
    return {"activities": shown, "nextToken": token} if token else {"activities": shown}


@operation("stepfunctions", "DeleteActivity")
def delete_activity(aws: Context, request: ActivityRequest) -> Empty:
    """Deleting what is not there is no error."""
    check_arn(request["activityArn"], ACTIVITY_ARN)
    ActivityRecords(aws.store).delete(request["activityArn"])
    return {}


@operation("stepfunctions", "GetActivityTask")
def get_activity_task(aws: Context, request: GetActivityTaskRequest) -> GetActivityTaskResponse:
    """Waits up to a minute for a task; without one the answer is empty."""
    arn, worker = request["activityArn"], request.get("workerName")
    _find(aws, arn)
    engine, known = engine_of(aws), ActivityRecords(aws.store)
    task = activities.await_task(lambda: known.take_task(arn, worker), POLL_SECONDS, lambda: engine.closing)
    if task is None:
        return {}
    token = Records(aws.store).token(task["token"])
    if token is not None:
        engine.notify(token["execution"])
    return {"taskToken": task["token"], "input": task["input"]}


def _find(aws: Context, arn: str) -> Activity:
    """Raises ``ApiError`` InvalidArn or ActivityDoesNotExist."""
    check_arn(arn, ACTIVITY_ARN)
    activity = ActivityRecords(aws.store).find(arn)
    if activity is None:
        raise ApiError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    return activity


def _item(activity: Activity) -> ActivityItem:
    return {"activityArn": activity["arn"], "name": activity["name"], "creationDate": activity["created"]}
