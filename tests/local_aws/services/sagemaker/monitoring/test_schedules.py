"""Monitoring schedules whose executions are real processing jobs over captured data.

The container's part: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, eventually
from monitoring_schedules import NOW, config, ended, executions

pytestmark = pytest.mark.stack
VIOLATIONS = "CompletedWithViolations"
HOURLY = {"ScheduleExpression": "cron(0 * ? * * *)"}


@pytest.fixture(scope="module")
def watched(server: LocalServer, tools: Any) -> str:
    """An endpoint that captures, one captured request in S3, a baseline."""
    hosting, name = tools["Hosting"](server), "watched"
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://jobs/monitored",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    hosting.serve(name, capture)
    for file in ("constraints", "statistics"):
        hosting.s3.put_object(Bucket="jobs", Key=f"baseline/{name}/{file}.json", Body=b"{}")
    hosting.invoke(name, {"case": 1})
    eventually(lambda: hosting.s3.list_objects_v2(Bucket="jobs", Prefix=f"monitored/{name}/")["KeyCount"])
    return name


def seen(hosting: Any, execution: dict[str, Any]) -> dict[str, Any]:
    """What the container saw, which it writes as its report."""
    hour = f"{execution['ScheduledTime'].astimezone(UTC):%Y/%m/%d/%H}"
    name = execution["EndpointName"]
    key = f"reports/{name}/{execution['MonitoringScheduleName']}/{hour}/deep/seen.json"
    return dict(json.loads(hosting.s3.get_object(Bucket="jobs", Key=key)["Body"].read()))


def test_an_execution_is_a_processing_job_with_the_monitors_contract(hosting: Any, watched: str, name: str) -> None:
    arn = hosting.api.create_monitoring_schedule(
        MonitoringScheduleName=name, MonitoringScheduleConfig=config(watched, NOW), Tags=[{"Key": "a", "Value": "b"}]
    )["MonitoringScheduleArn"]
    assert arn.endswith(f":monitoring-schedule/{name}")
    execution = ended(hosting, name)
    assert execution["MonitoringExecutionStatus"] == "Completed"
    job = hosting.api.describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rsplit("/", 1)[1])
    assert job["ProcessingJobStatus"] == "Completed"
    report = seen(hosting, execution)
    environment = report["environment"]
    assert json.loads(environment["dataset_format"]) == {
        "sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}
    }
    assert environment["dataset_source"] == "/opt/ml/processing/input/endpoint"
    assert environment["output_path"] == "/opt/ml/processing/output"
    assert environment["baseline_constraints"] == "/opt/ml/processing/baseline/constraints/constraints.json"
    assert environment["baseline_statistics"] == "/opt/ml/processing/baseline/stats/statistics.json"
    assert (environment["sagemaker_endpoint_name"], environment["threshold"]) == (watched, "0.5")
    assert environment["sagemaker_monitoring_schedule_name"] == name
    assert environment["publish_cloudwatch_metrics"] == "Disabled"
    start, end = (datetime.fromisoformat(environment[key]) for key in ("start_time", "end_time"))
    assert end - start == timedelta(hours=2)
    captured = [path for path in report["files"] if path.startswith("processing/input/endpoint/")]
    assert len(captured) == 1
    assert captured[0].startswith(f"processing/input/endpoint/{watched}/{watched}/20")
    assert json.loads(report["files"][captured[0]])["captureData"]["endpointInput"]["data"] == '{"case": 1}'
    assert "processing/baseline/stats/statistics.json" in report["files"]
    described = hosting.api.describe_monitoring_schedule(MonitoringScheduleName=name)
    assert described["LastMonitoringExecutionSummary"]["MonitoringExecutionStatus"] == "Completed"
    assert (described["MonitoringType"], described["EndpointName"]) == ("DataQuality", watched)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (
            ("--message", "CompletedWithViolations: Job completed successfully with 2 violations."),
            "CompletedWithViolations",
        ),
        (("--exit", "1"), "Failed"),
    ],
)
def test_an_execution_ends_as_its_job_does(
    hosting: Any, watched: str, name: str, arguments: tuple[str, ...], status: str
) -> None:
    hosting.api.create_monitoring_schedule(
        MonitoringScheduleName=name, MonitoringScheduleConfig=config(watched, NOW, *arguments)
    )
    execution = ended(hosting, name)
    assert execution["MonitoringExecutionStatus"] == status
    assert ("FailureReason" in execution) == (status == "Failed")
    listed = hosting.api.list_monitoring_executions(
        MonitoringScheduleName=name, EndpointName=watched, StatusEquals=status
    )
    assert len(listed["MonitoringExecutionSummaries"]) == 1


def test_without_captured_data_an_execution_fails(hosting: Any, watched: str, name: str) -> None:
    past = {**NOW, "DataAnalysisStartTime": "-PT20H", "DataAnalysisEndTime": "-PT10H"}
    hosting.api.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config(watched, past))
    execution = ended(hosting, name)
    assert (execution["MonitoringExecutionStatus"], execution["FailureReason"]) == ("Failed", "Job inputs had no data")
    assert "ProcessingJobArn" not in execution


def test_a_stopped_job_is_a_stopped_execution(hosting: Any, watched: str, name: str) -> None:
    hosting.api.create_monitoring_schedule(
        MonitoringScheduleName=name, MonitoringScheduleConfig=config(watched, NOW, "--wait")
    )
    arn = eventually(lambda: (found := executions(hosting, name)) and found[0].get("ProcessingJobArn"))
    hosting.api.stop_processing_job(ProcessingJobName=arn.rsplit("/", 1)[1])
    assert ended(hosting, name)["MonitoringExecutionStatus"] == "Stopped"


def test_a_schedule_is_stopped_started_changed_listed_and_deleted(hosting: Any, watched: str, name: str) -> None:
    api = hosting.api
    api.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config(watched, HOURLY))
    with pytest.raises(api.exceptions.ResourceInUse):
        api.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config(watched, HOURLY))

    def status() -> str:
        (listed,) = api.list_monitoring_schedules(EndpointName=watched, NameContains=name)[
            "MonitoringScheduleSummaries"
        ]
        return str(listed["MonitoringScheduleStatus"])

    assert status() == "Scheduled"
    api.stop_monitoring_schedule(MonitoringScheduleName=name)
    assert status() == "Stopped"
    assert (
        api.list_monitoring_schedules(NameContains=name, StatusEquals="Scheduled")["MonitoringScheduleSummaries"] == []
    )
    api.start_monitoring_schedule(MonitoringScheduleName=name)
    assert (status(), executions(hosting, name)) == ("Scheduled", [])
    api.update_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config(watched, NOW))
    assert ended(hosting, name)["MonitoringExecutionStatus"] == "Completed"
    api.delete_monitoring_schedule(MonitoringScheduleName=name)
    with pytest.raises(api.exceptions.ResourceNotFound):
        api.describe_monitoring_schedule(MonitoringScheduleName=name)
    assert len(executions(hosting, name)) == 1  # API_DeleteMonitoringSchedule: the history stays


def test_what_could_never_run_is_refused(hosting: Any, name: str, shared_endpoint: str) -> None:
    create = hosting.api.create_monitoring_schedule
    for schedule, endpoint, reason in (
        ({"ScheduleExpression": "rate(1 hour)"}, shared_endpoint, "is not supported"),
        ({"ScheduleExpression": "NOW"}, shared_endpoint, "needs DataAnalysisStartTime"),
        (HOURLY, name, "Could not find endpoint"),
        (HOURLY, shared_endpoint, "captures no data"),
    ):
        with pytest.raises(ClientError, match=reason):
            create(MonitoringScheduleName=name, MonitoringScheduleConfig=config(endpoint, schedule))
    inline = {**config(shared_endpoint, HOURLY), "MonitoringType": "ModelQuality"}
    with pytest.raises(ClientError, match="ModelQuality needs a MonitoringJobDefinitionName"):
        create(MonitoringScheduleName=name, MonitoringScheduleConfig=inline)
