"""The processing job of one execution: captured data, baseline and scripts in, reports out.

The container's part: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html. Where
reports go: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-results.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.services.s3_transfer import has_objects, join_uri, split_uri
from local_aws.services.sagemaker.monitoring.environment import environment_of
from local_aws.services.sagemaker.monitoring.expressions import HOUR, Hours, offset, parse
from local_aws.services.sagemaker.monitoring.shapes import Definition, Execution, ScheduleConfig

BASELINE = "/opt/ml/processing/baseline"
CODE = "/opt/ml/processing/code"
#: A processing job has at most ten inputs, of which four may be baseline files and scripts.
CAPTURED_INPUTS = 6
#: Over a longer time it is days that are looked for.
HOURS_LIMIT = timedelta(days=2)
#: Where Clarify's container looks for its configuration
#: (https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-processing-job-configure-parameters.html).
ANALYSIS_CONFIG = "/opt/ml/processing/input/config"
DAY_FOLDER, HOUR_FOLDER = "%Y/%m/%d", "%Y/%m/%d/%H"


class NoDataError(Exception):
    """Nothing was captured in the time that the execution looks at."""


def window(schedule: ScheduleConfig, definition: Definition, scheduled: datetime) -> tuple[datetime, datetime]:
    """From when to when an execution analyses; without offsets, since the execution before it."""
    hours = parse(schedule["ScheduleExpression"])
    start, end = _previous(hours, scheduled), scheduled
    if "DataAnalysisStartTime" in schedule:
        start = scheduled + offset(schedule["DataAnalysisStartTime"])
    if "DataAnalysisEndTime" in schedule:
        end = scheduled + offset(schedule["DataAnalysisEndTime"])
    source = definition["Endpoint"]
    start += offset(source["StartTimeOffset"]) if "StartTimeOffset" in source else timedelta()
    end += offset(source["EndTimeOffset"]) if "EndTimeOffset" in source else timedelta()
    return start, end


def processing_request(
    definition: Definition,
    execution: Execution,
    capture: Mapping[str, Any],
    times: tuple[datetime, datetime],
    data: tuple[str, list[str]],
) -> dict[str, Any]:
    """CreateProcessingJob's request; ``capture`` is the endpoint's DataCaptureConfig.

    ``data`` are a URI and the folders below it that hold what is analysed, captured or merged.
    """
    inputs = _data_inputs(definition, *data)
    environment = environment_of(definition, execution, capture, times)
    for name, folder, source in _files(definition):
        inputs.append(_input(name, source, folder))
        environment[name] = f"{folder}/{source.rsplit('/', 1)[-1]}"
    if "ConfigUri" in definition["Application"]:
        inputs.append(_input("analysis_config", definition["Application"]["ConfigUri"], ANALYSIS_CONFIG))
    application, output = definition["Application"], definition["Output"]
    request: dict[str, Any] = {
        "ProcessingJobName": execution["JobName"],
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": [_output(output["LocalPath"], reports_uri(definition, execution))]},
        "ProcessingResources": definition["Resources"],
        "AppSpecification": {
            member: application[member]
            for member in ("ImageUri", "ContainerEntrypoint", "ContainerArguments")
            if member in application
        },
        "Environment": environment,
        "RoleArn": definition["RoleArn"],
    }
    if "KmsKeyId" in definition:
        request["ProcessingOutputConfig"]["KmsKeyId"] = definition["KmsKeyId"]
    if "StoppingCondition" in definition:
        request["StoppingCondition"] = definition["StoppingCondition"]
    if "NetworkConfig" in definition:
        request["NetworkConfig"] = definition["NetworkConfig"]
    return request


def reports_uri(definition: Definition, execution: Execution) -> str:
    """``<S3Uri>/<endpoint>/<schedule>/yyyy/mm/dd/hh``"""
    parts = (execution["EndpointName"], execution["MonitoringScheduleName"], execution["ScheduledTime"])
    return join_uri(definition["Output"]["S3Uri"], parts[0], parts[1], f"{parts[2]:{HOUR_FOLDER}}")


def _previous(hours: Hours | None, scheduled: datetime) -> datetime:
    return scheduled - HOUR if hours is None else hours.latest(scheduled - timedelta(microseconds=1))


def captured_root(definition: Definition, capture: Mapping[str, Any]) -> str:
    return join_uri(str(capture["DestinationS3Uri"]), str(definition["Endpoint"]["EndpointName"]))


def captured_folders(context: Context, root: str, times: tuple[datetime, datetime]) -> list[str]:
    """One folder for each variant's hour with data; days or whole variants where those would be too many.

    Raises ``NoDataError``.
    """
    variants = _folders(context, root)
    forms = (HOUR_FOLDER, DAY_FOLDER, "") if times[1] - times[0] <= HOURS_LIMIT else (DAY_FOLDER, "")
    for form in forms:
        folders = [join_uri(variant, part) if part else variant for variant in variants for part in _parts(form, times)]
        found = [folder for folder in folders if has_objects(context, join_uri(root, folder) + "/")]
        if len(found) <= CAPTURED_INPUTS:
            break
    if not found:
        raise NoDataError
    return found


def hour_folders(times: tuple[datetime, datetime]) -> list[str]:
    return _parts(HOUR_FOLDER, times)


def _data_inputs(definition: Definition, root: str, folders: list[str]) -> list[dict[str, Any]]:
    endpoint, local = str(definition["Endpoint"]["EndpointName"]), str(definition["Endpoint"]["LocalPath"]).rstrip("/")
    return [
        _input(f"endpoint_input_{number}", join_uri(root, folder), f"{local}/{endpoint}/{folder}")
        for number, folder in enumerate(folders, 1)
    ]


def _parts(form: str, times: tuple[datetime, datetime]) -> list[str]:
    if not form:
        return [""]
    moment, parts = times[0].replace(minute=0, second=0, microsecond=0), []
    while moment < times[1]:
        parts.append(f"{moment:{form}}")
        moment += HOUR
    return list(dict.fromkeys(parts))


def _folders(context: Context, uri: str) -> list[str]:
    """The names one level below a URI."""
    bucket, key = split_uri(uri + "/")
    try:
        pages = context.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key, Delimiter="/")
        prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    except (ClientError, BotoCoreError):
        return []
    return [prefix[len(key) :].rstrip("/") for prefix in prefixes]


def _files(definition: Definition) -> list[tuple[str, str, str]]:
    """Baseline files and scripts: the variable that names each to the container, its folder, its S3 URI."""
    baseline, application = definition["Baseline"], definition["Application"]
    files = [
        ("baseline_constraints", f"{BASELINE}/constraints", baseline.get("ConstraintsResource", {}).get("S3Uri")),
        ("baseline_statistics", f"{BASELINE}/stats", baseline.get("StatisticsResource", {}).get("S3Uri")),
        ("record_preprocessor_script", f"{CODE}/preprocessing", application.get("RecordPreprocessorSourceUri")),
        (
            "post_analytics_processor_script",
            f"{CODE}/postprocessing",
            application.get("PostAnalyticsProcessorSourceUri"),
        ),
    ]
    return [(name, folder, source) for name, folder, source in files if source]


def _input(name: str, source: str, local: str) -> dict[str, Any]:
    data = {"S3Uri": source, "LocalPath": local, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": data}


def _output(local: str, target: str) -> dict[str, Any]:
    return {"OutputName": "result", "S3Output": {"S3Uri": target, "LocalPath": local, "S3UploadMode": "EndOfJob"}}
