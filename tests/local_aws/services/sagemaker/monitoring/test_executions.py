"""How an execution follows its processing job, and what counts as violations.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-outputs.html; statuses: botocore model,
MonitoringExecutionSummary
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.api import Context
from local_aws.services.sagemaker.monitoring import executions
from local_aws.services.sagemaker.monitoring.shapes import EXECUTION, SCHEDULE
from local_aws.services.sagemaker.records import DEPLOYMENT, PROCESSING_JOB

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DEFINITION: Any = {
    "MonitoringInputs": [{"EndpointInput": {"EndpointName": "e", "LocalPath": "/opt/ml/processing/input"}}],
    "MonitoringOutputConfig": {
        "MonitoringOutputs": [{"S3Output": {"S3Uri": "s3://b/reports", "LocalPath": "/opt/ml/processing/output"}}]
    },
    "MonitoringResources": {"ClusterConfig": {"InstanceCount": 1}},
    "MonitoringAppSpecification": {"ImageUri": "fake"},
    "RoleArn": "arn:aws:iam::123456789012:role/monitor",
}


class Services:
    """S3 with captured hours of two variants, and a SageMaker that remembers the jobs it was asked for."""

    def __init__(self, context: Context, hours: list[str], report: object = None) -> None:
        self.requests: list[dict[str, Any]] = []
        self._keys = [f"capture/e/{hour}/x.jsonl" for hour in hours]
        self._report = report
        self._context = context

    def __call__(self, service: str) -> Any:
        return self

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, **request: Any) -> list[dict[str, Any]]:
        found = [key for key in self._keys if key.startswith(request["Prefix"])]
        if "Delimiter" not in request:
            return [{"Contents": [{"Key": key} for key in found]}]
        folders = {request["Prefix"] + key[len(request["Prefix"]) :].split("/")[0] + "/" for key in found}
        return [{"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}]

    def get_object(self, **request: Any) -> dict[str, Any]:
        if self._report is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(json.dumps(self._report).encode())}

    def create_processing_job(self, **request: Any) -> dict[str, str]:
        self.requests.append(request)
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{request['ProcessingJobName']}"
        job = {**request, "ProcessingJobArn": arn, "ProcessingJobStatus": "InProgress"}
        self._context.store.put(PROCESSING_JOB, request["ProcessingJobName"], job)
        return {"ProcessingJobArn": arn}


@pytest.fixture
def planned(context: Context) -> Context:
    """An execution that is to look at the hours from 6 to 12."""
    schedule: Any = {
        "MonitoringScheduleName": "s",
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": "cron(0 0/6 ? * * *)"},
            "MonitoringJobDefinition": DEFINITION,
        },
        "MonitoringType": "DataQuality",
        "EndpointName": "e",
        "CreationTime": NOON,
    }
    context.store.put(SCHEDULE, "s", schedule)
    capture = {"DestinationS3Uri": "s3://b/capture", "CaptureOptions": [{"CaptureMode": "Input"}]}
    context.store.put(DEPLOYMENT, "e", {"DataCaptureConfig": capture})
    executions.plan(context, schedule, NOON)
    return context


def the_execution(context: Context) -> dict[str, Any]:
    ((_, document),) = context.store.list(EXECUTION)
    return document


def test_the_hours_with_data_are_staged_each_below_its_variant(planned: Context) -> None:
    services = Services(planned, ["a/2026/03/04/06", "a/2026/03/04/11", "b/2026/03/04/07", "a/2026/03/04/12"])
    assert executions.advance(replace(planned, client=services))
    (request,) = services.requests
    staged = {one["S3Input"]["S3Uri"]: one["S3Input"]["LocalPath"] for one in request["ProcessingInputs"]}
    assert staged == {
        f"s3://b/capture/e/{hour}": f"/opt/ml/processing/input/e/{hour}"
        for hour in ("a/2026/03/04/06", "a/2026/03/04/11", "b/2026/03/04/07")
    }
    output = request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    assert output["S3Uri"] == "s3://b/reports/e/s/2026/03/04/12"
    assert json.loads(request["Environment"]["dataset_format"])["sagemakerCaptureJson"] == {
        "captureIndexNames": ["endpointInput"]
    }
    assert request["Environment"]["start_time"] == "2026-03-04T06:00:00Z"


def test_many_hours_are_staged_as_days(planned: Context) -> None:
    hours = [f"{variant}/2026/03/04/{hour:02}" for variant in "ab" for hour in range(6, 12)]
    services = Services(planned, hours)
    executions.advance(replace(planned, client=services))
    sources = [one["S3Input"]["S3Uri"] for one in services.requests[0]["ProcessingInputs"]]
    assert sources == ["s3://b/capture/e/a/2026/03/04", "s3://b/capture/e/b/2026/03/04"]


def test_a_job_is_created_once_whatever_happens_after_it(planned: Context) -> None:
    services = Services(planned, ["a/2026/03/04/06"])
    executions.advance(replace(planned, client=services))
    # As if the server had been killed before it could note that the job was created.
    document = the_execution(planned)
    planned.store.put(EXECUTION, document["JobName"], {**document, "MonitoringExecutionStatus": "Pending"})
    executions.advance(replace(planned, client=services))
    assert len(services.requests) == 1
    assert the_execution(planned)["MonitoringExecutionStatus"] == "InProgress"


@pytest.mark.parametrize(
    ("job", "report", "status"),
    [
        ({"ProcessingJobStatus": "Completed"}, None, "Completed"),
        ({"ProcessingJobStatus": "Completed"}, {"violations": []}, "Completed"),
        ({"ProcessingJobStatus": "Completed"}, {"violations": [{"feature_name": "x"}]}, "CompletedWithViolations"),
        (
            {"ProcessingJobStatus": "Completed", "ExitMessage": "CompletedWithViolations: 2 of them"},
            None,
            "CompletedWithViolations",
        ),
        ({"ProcessingJobStatus": "Failed", "FailureReason": "AlgorithmError"}, None, "Failed"),
        ({"ProcessingJobStatus": "Stopping"}, None, "Stopping"),
        ({"ProcessingJobStatus": "Stopped"}, None, "Stopped"),
    ],
)
def test_an_execution_is_what_its_job_is(planned: Context, job: dict[str, Any], report: object, status: str) -> None:
    acting = replace(planned, client=Services(planned, ["a/2026/03/04/06"], report))
    executions.advance(acting)
    name = the_execution(planned)["JobName"]
    stored = planned.store.get(PROCESSING_JOB, name) or {}
    planned.store.put(PROCESSING_JOB, name, {**stored, **job})
    executions.advance(acting)
    document = the_execution(planned)
    assert document["MonitoringExecutionStatus"] == status
    assert document.get("FailureReason") == job.get("FailureReason")
    assert executions.advance(acting) == (status == "Stopping")
