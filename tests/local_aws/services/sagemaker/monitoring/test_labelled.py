"""A model quality schedule on a server: labels merged with captured data, analysed, its metrics and alert.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-cloudwatch.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import eventually
from monitoring_schedules import IMAGE, NOW, ended

pytestmark = pytest.mark.stack
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://jobs/labelled",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}


def define(hosting: Any, name: str, *arguments: str, **application: Any) -> dict[str, Any]:
    hosting.api.create_model_quality_job_definition(
        JobDefinitionName=name,
        ModelQualityAppSpecification={
            "ImageUri": IMAGE,
            "ContainerArguments": ["process", *arguments],
            "Environment": {"publish_cloudwatch_metrics": "Enabled"},
            **application,
        },
        ModelQualityJobInput={
            "EndpointInput": {
                "EndpointName": name,
                "LocalPath": "/opt/ml/processing/input_data",
                "InferenceAttribute": "0",
            },
            "GroundTruthS3Input": {"S3Uri": f"s3://jobs/truth/{name}"},
        },
        ModelQualityJobOutputConfig={
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": f"s3://jobs/quality/{name}", "LocalPath": "/opt/ml/processing/output"}}
            ]
        },
        JobResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        RoleArn="arn:aws:iam::123456789012:role/monitor",
    )
    return {"ScheduleConfig": NOW, "MonitoringJobDefinitionName": name, "MonitoringType": "ModelQuality"}


def put_label(hosting: Any, name: str, identity: str) -> None:
    record = {"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": identity}}
    key = f"truth/{name}/{datetime.now(UTC):%Y/%m/%d/%H}/labels.jsonl"
    hosting.s3.put_object(Bucket="jobs", Key=key, Body=json.dumps(record).encode())


def test_labels_reach_the_analyzer_and_its_metrics_cloudwatch(hosting: Any, name: str) -> None:
    hosting.serve(name, CAPTURE)
    hosting.invoke(name, {"case": 1}, InferenceId="labelled-1")
    hosting.invoke(name, {"case": 2}, InferenceId="never-labelled")
    eventually(lambda: hosting.s3.list_objects_v2(Bucket="jobs", Prefix=f"labelled/{name}/")["KeyCount"])
    with pytest.raises(ClientError, match="needs a ProblemType"):
        hosting.api.create_monitoring_schedule(
            MonitoringScheduleName=name, MonitoringScheduleConfig=define(hosting, name)
        )
    hosting.api.delete_model_quality_job_definition(JobDefinitionName=name)
    message = ("--message", "CompletedWithViolations: 1", "--metric", f"accuracy-{name}")
    config = define(hosting, name, *message, ProblemType="BinaryClassification")

    hosting.api.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)
    unlabelled = ended(hosting, name)
    assert unlabelled["MonitoringExecutionStatus"] == "Failed"
    assert "unlabelled records: 2" in unlabelled["FailureReason"]

    put_label(hosting, name, "labelled-1")
    hosting.api.update_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)
    violated = eventually(lambda: (last := ended(hosting, name)).get("ProcessingJobArn") and last)
    assert violated["MonitoringExecutionStatus"] == "CompletedWithViolations"
    job = violated["ProcessingJobArn"].rsplit("/", 1)[1]
    assert job.startswith("model-quality-monitoring-")
    hour = f"{violated['ScheduledTime'].astimezone(UTC):%Y/%m/%d/%H}"
    report = hosting.s3.get_object(Bucket="jobs", Key=f"quality/{name}/{name}/{name}/{hour}/deep/seen.json")
    seen = json.loads(report["Body"].read())
    (path,) = [one for one in seen["files"] if one.startswith(f"processing/input_data/{name}/{name}/20")]
    (line,) = seen["files"][path].splitlines()
    assert json.loads(line)["groundTruthData"] == {"data": "1", "encoding": "CSV"}
    assert json.loads(line)["captureData"]["endpointInput"]["data"] == '{"case": 1}'
    assert seen["environment"]["inference_attribute"] == "0"
    merged = hosting.s3.list_objects_v2(Bucket="jobs", Prefix=f"quality/{name}/merge/{name}/{name}/20")
    assert merged["KeyCount"] == 1

    moment = datetime.now(UTC)
    data = hosting.server.client("cloudwatch").get_metric_statistics(
        Namespace="aws/sagemaker/Endpoints/model-metrics",
        MetricName=f"accuracy-{name}",
        StartTime=moment - timedelta(hours=1),
        EndTime=moment + timedelta(hours=1),
        Period=3600,
        Statistics=["Maximum"],
    )
    assert [point["Maximum"] for point in data["Datapoints"]] == [0.75]
    (alert,) = hosting.api.list_monitoring_alerts(MonitoringScheduleName=name)["MonitoringAlertSummaries"]
    assert (alert["AlertStatus"], alert["DatapointsToAlert"], alert["EvaluationPeriod"]) == ("InAlert", 1, 1)
    events = hosting.server.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/ProcessingJobs",
        logStreamNames=[f"groundtruth-merge-{job.split('-monitoring-')[1]}/algo-1"],
    )["events"]
    assert "merged: 1, late: 0" in events[0]["message"]
    expression = {"Filters": [{"Name": "EndpointName", "Operator": "Contains", "Value": name}]}
    (found,) = hosting.api.search(Resource="Endpoint", SearchExpression=expression)["Results"]
    assert found["Endpoint"]["EndpointName"] == name
    (found,) = hosting.api.search(
        Resource="Model", SearchExpression={"Filters": [{"Name": "ModelName", "Value": name}]}
    )["Results"]
    assert found["Model"]["Model"]["ModelName"] == name
    with pytest.raises(ClientError, match="does not export model cards"):
        hosting.api.create_model_card_export_job(
            ModelCardName=name, ModelCardExportJobName=name, OutputConfig={"S3OutputPath": "s3://jobs/cards"}
        )
