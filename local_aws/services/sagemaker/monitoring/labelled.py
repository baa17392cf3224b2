"""The data of one execution: what was captured or, for analyzers that need labels, that merged with ground truth.

On AWS the merge is a processing job ``groundtruth-merge-…`` before the analyzer's; here the server merges, and what it
counted is the only event of that job's log stream and a part of the execution's reason when nothing could be merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.services.s3_transfer import join_uri
from local_aws.services.sagemaker.monitoring.job import NoDataError, captured_folders, captured_root, hour_folders
from local_aws.services.sagemaker.monitoring.merge import Counts, Places, merge
from local_aws.services.sagemaker.monitoring.shapes import EXECUTION, Definition, Execution
from local_aws.services.sagemaker.records import change

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"


def data_of(
    context: Context,
    definition: Definition,
    execution: Execution,
    capture: Mapping[str, Any],
    times: tuple[datetime, datetime],
) -> tuple[str, list[str]]:
    """A URI and the folders below it with data. Raises ``NoDataError``, and ``TransferError`` from a merge."""
    root = captured_root(definition, capture)
    folders = captured_folders(context, root, times)
    if "GroundTruth" not in definition:
        return root, folders
    target = join_uri(definition["Output"]["S3Uri"], "merge", str(definition["Endpoint"]["EndpointName"]))
    in_time = hour_folders(times)
    # Labels lag behind predictions: those collected since the window's end count too, up to this execution.
    late = [one for one in hour_folders((times[0], execution["ScheduledTime"])) if one not in in_time]
    places = Places(
        labels=tuple(join_uri(definition["GroundTruth"], folder) for folder in in_time),
        late_labels=tuple(join_uri(definition["GroundTruth"], folder) for folder in late),
        root=root,
        captured=tuple(folders),
        target=target,
        kms_key=definition.get("KmsKeyId"),
    )
    role = acting_as(context, definition["RoleArn"], "SageMaker", context.arn("sagemaker", execution["JobName"]))
    counts, filled = merge(role, places)
    change(context, EXECUTION, execution["JobName"], Merge=counts.as_json())
    _log(context, execution, counts)
    if not filled:
        raise NoDataError(f"no captured record has a ground truth record ({counts})")
    return target, filled


def merge_name(execution: Execution) -> str:
    return f"groundtruth-merge-{execution['JobName'].split('-monitoring-', 1)[1]}"


def _log(context: Context, execution: Execution, counts: Counts) -> None:
    """A merge that cannot be logged is no failed merge."""
    logs, stream = context.client("logs"), f"{merge_name(execution)}/algo-1"
    moment = int(execution["ScheduledTime"].timestamp() * 1000)
    event = {"timestamp": moment, "message": f"Merged captured data with ground truth. {counts}"}
    for call, arguments in (
        ("create_log_group", {"logGroupName": LOG_GROUP}),
        ("create_log_stream", {"logGroupName": LOG_GROUP, "logStreamName": stream}),
        ("put_log_events", {"logGroupName": LOG_GROUP, "logStreamName": stream, "logEvents": [event]}),
    ):
        try:
            getattr(logs, call)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                return
        except BotoCoreError:
            return
