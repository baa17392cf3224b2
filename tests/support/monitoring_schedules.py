"""Monitoring schedules in tests: a configuration that runs the fake container, and its executions."""

from __future__ import annotations

from typing import Any

from local_server import eventually

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/fake:1.0"
NOW = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "PT1H"}


def config(name: str, schedule: dict[str, str], *arguments: str) -> dict[str, Any]:
    definition = {
        "BaselineConfig": {
            "ConstraintsResource": {"S3Uri": f"s3://jobs/baseline/{name}/constraints.json"},
            "StatisticsResource": {"S3Uri": f"s3://jobs/baseline/{name}/statistics.json"},
        },
        "MonitoringInputs": [
            {"EndpointInput": {"EndpointName": name, "LocalPath": "/opt/ml/processing/input/endpoint"}}
        ],
        "MonitoringOutputConfig": {
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": "s3://jobs/reports", "LocalPath": "/opt/ml/processing/output"}}
            ]
        },
        "MonitoringResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
        "MonitoringAppSpecification": {"ImageUri": IMAGE, "ContainerArguments": ["process", *arguments]},
        "Environment": {"threshold": "0.5"},
        "RoleArn": "arn:aws:iam::123456789012:role/monitor",
    }
    return {"ScheduleConfig": schedule, "MonitoringJobDefinition": definition}


def executions(hosting: Any, name: str) -> list[dict[str, Any]]:
    return list(hosting.api.list_monitoring_executions(MonitoringScheduleName=name)["MonitoringExecutionSummaries"])


def ended(hosting: Any, name: str) -> dict[str, Any]:
    """The last execution, when it has ended."""

    def look() -> dict[str, Any] | None:
        found = executions(hosting, name)
        busy = ("Pending", "InProgress", "Stopping")
        return found[0] if found and found[0]["MonitoringExecutionStatus"] not in busy else None

    return eventually(look)
