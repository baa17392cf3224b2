"""A stack of a model, its endpoint and its monitoring schedule is complete when the endpoint answers.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sagemaker-endpoint.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from local_server import eventually
from monitoring_schedules import config

pytestmark = pytest.mark.stack


def test_stack_of_an_endpoint(hosting: Any) -> None:
    name = "stack-endpoint"
    hosting.model(name)
    made = hosting.api.describe_model(ModelName=name)
    hosting.api.delete_model(ModelName=name)
    variant = {
        "VariantName": "all",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": "1",
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": "1",
    }
    container = made["PrimaryContainer"]
    model = {
        "ModelName": name,
        "ExecutionRoleArn": made["ExecutionRoleArn"],
        "PrimaryContainer": {key: container[key] for key in ("Image", "ModelDataUrl")},
    }
    capture = {
        "EnableCapture": "true",
        "InitialSamplingPercentage": "100",
        "DestinationS3Uri": "s3://jobs/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    hourly = config(name, {"ScheduleExpression": "cron(0 * ? * * *)"})
    types = {
        "Model": ("Model", model),
        "Config": ("EndpointConfig", {"ProductionVariants": [variant], "DataCaptureConfig": capture}),
        "Endpoint": (
            "Endpoint",
            {"EndpointName": name, "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
        ),
        "Watch": ("MonitoringSchedule", {"MonitoringScheduleName": "Stack-Watch", "MonitoringScheduleConfig": hourly}),
    }
    resources: dict[str, dict[str, Any]] = {
        key: {"Type": f"AWS::SageMaker::{kind}", "Properties": given} for key, (kind, given) in types.items()
    }
    resources["Watch"]["DependsOn"] = "Endpoint"
    stacks = hosting.server.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))

    def settled() -> Any:
        status = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return None if status.endswith("IN_PROGRESS") else status

    status = eventually(settled, within=60)
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    assert status == "CREATE_COMPLETE", [each.get("ResourceStatusReason") for each in events]
    assert hosting.describe(name)["EndpointStatus"] == "InService"
    assert hosting.invoke(name)["Body"]["version"] == name
    stacks.delete_stack(StackName=name)
    eventually(lambda: not hosting.api.list_endpoints(NameContains=name)["Endpoints"])
    eventually(
        lambda: not hosting.api.list_monitoring_schedules(NameContains="Stack-Watch")["MonitoringScheduleSummaries"]
    )
    eventually(lambda: not hosting.api.list_models(NameContains=name)["Models"])
