"""Stacks of connections, API destinations, activities, versions, aliases and monitoring job definitions.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore import xform_name
from local_server import LocalServer
from monitoring_schedules import IMAGE

from local_aws.services.cloudformation.resources.hosting import MONITORS

pytestmark = pytest.mark.stack

ROLE = "arn:aws:iam::123456789012:role/stack"
Resources = dict[str, tuple[str, dict[str, Any]]]


class Stack:
    def __init__(self, server: LocalServer, eventually: Callable[..., Any]) -> None:
        self.name = f"stack-{uuid.uuid4().hex[:12]}"
        self.server, self._eventually = server, eventually
        self.api = server.client("cloudformation")

    def put(self, resources: Resources, outputs: dict[str, Any] | None = None, update: bool = False) -> dict[str, str]:
        """Returns the outputs of the stack once it is complete."""
        made = {key: {"Type": kind, "Properties": given} for key, (kind, given) in resources.items()}
        shown = {key: {"Value": value} for key, value in (outputs or {}).items()}
        body = json.dumps({"Resources": made, **({"Outputs": shown} if shown else {})})
        (self.api.update_stack if update else self.api.create_stack)(StackName=self.name, TemplateBody=body)
        told = self._eventually(self._settled, 60)
        assert told["StackStatus"] == ("UPDATE_COMPLETE" if update else "CREATE_COMPLETE"), self._reasons()
        return {each["OutputKey"]: each["OutputValue"] for each in told.get("Outputs", [])}

    def _reasons(self) -> list[str]:
        events = self.api.describe_stack_events(StackName=self.name)["StackEvents"]
        return [each["ResourceStatusReason"] for each in events if "ResourceStatusReason" in each]

    def _settled(self) -> dict[str, Any] | None:
        told = dict(self.api.describe_stacks(StackName=self.name)["Stacks"][0])
        return None if told["StackStatus"].endswith("IN_PROGRESS") else told


@pytest.fixture
def stack(local_aws_server: LocalServer, eventually: Callable[..., Any]) -> Iterator[Stack]:
    yield Stack(local_aws_server, eventually)


def test_connection_and_api_destination(stack: Stack, eventually: Callable[..., Any]) -> None:
    events = stack.server.client("events")
    header = {"Key": "k", "Value": "v", "IsValueSecret": "true"}
    authorised = {
        "BasicAuthParameters": {"Username": "u", "Password": "p"},
        "InvocationHttpParameters": {"HeaderParameters": [header]},
    }

    def resources(rate: str) -> Resources:
        called = {"InvocationEndpoint": "https://example.com", "HttpMethod": "POST"}
        connected = {"ConnectionArn": {"Fn::GetAtt": ["Connection", "Arn"]}, "InvocationRateLimitPerSecond": rate}
        connection = {"Name": stack.name, "AuthorizationType": "BASIC", "AuthParameters": authorised}
        return {
            "Connection": ("AWS::Events::Connection", connection),
            "Api": ("AWS::Events::ApiDestination", {"Name": stack.name, **called, **connected}),
        }

    told = stack.put(resources("5"), {"Arn": {"Fn::GetAtt": ["Api", "Arn"]}, "Name": {"Ref": "Connection"}})
    assert (told["Name"], ":api-destination/" in told["Arn"]) == (stack.name, True)
    kept = events.describe_connection(Name=stack.name)["AuthParameters"]["InvocationHttpParameters"]
    assert kept["HeaderParameters"] == [{"Key": "k", "IsValueSecret": True}]
    stack.put(resources("7"), update=True)
    assert events.describe_api_destination(Name=stack.name)["InvocationRateLimitPerSecond"] == 7
    stack.api.delete_stack(StackName=stack.name)
    eventually(lambda: not events.list_connections(NamePrefix=stack.name)["Connections"])
    assert not events.list_api_destinations(NamePrefix=stack.name)["ApiDestinations"]


def test_activity_version_and_alias(stack: Stack, eventually: Callable[..., Any]) -> None:
    states = stack.server.client("stepfunctions")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    route = {"StateMachineVersionArn": {"Ref": "Version"}, "Weight": "100"}
    outputs = {name: {"Ref": name} for name in ("Activity", "Version", "Alias")}
    machine = {"StateMachineName": stack.name, "RoleArn": ROLE, "DefinitionString": definition}
    told = stack.put(
        {
            "Activity": ("AWS::StepFunctions::Activity", {"Name": stack.name}),
            "Machine": ("AWS::StepFunctions::StateMachine", machine),
            "Version": ("AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": {"Ref": "Machine"}}),
            "Alias": ("AWS::StepFunctions::StateMachineAlias", {"Name": "live", "RoutingConfiguration": [route]}),
        },
        outputs,
    )
    assert states.describe_activity(activityArn=told["Activity"])["name"] == stack.name
    routed = states.describe_state_machine_alias(stateMachineAliasArn=told["Alias"])["routingConfiguration"]
    assert routed == [{"stateMachineVersionArn": told["Version"], "weight": 100}]
    stack.api.delete_stack(StackName=stack.name)
    eventually(lambda: told["Activity"] not in [a["activityArn"] for a in states.list_activities()["activities"]])


@pytest.mark.parametrize("monitor", MONITORS)
def test_monitoring_job_definition(stack: Stack, monitor: str, eventually: Callable[..., Any]) -> None:
    sagemaker = stack.server.client("sagemaker")
    application: dict[str, Any] = {"ImageUri": IMAGE}
    if monitor in ("ModelBias", "ModelExplainability"):
        application["ConfigUri"] = "s3://jobs/config.json"
    watched: dict[str, Any] = {"EndpointInput": {"EndpointName": "e", "LocalPath": "/opt/ml/processing/input"}}
    if monitor in ("ModelQuality", "ModelBias"):
        watched["GroundTruthS3Input"] = {"S3Uri": "s3://jobs/truth"}
    if monitor == "ModelQuality":
        application["ProblemType"] = "Regression"
    output = {"S3Output": {"S3Uri": "s3://jobs/out", "LocalPath": "/opt/ml/processing/output"}}
    cluster = {"InstanceCount": "1", "InstanceType": "ml.m5.large", "VolumeSizeInGB": "1"}
    given = {
        "JobDefinitionName": stack.name,
        f"{monitor}AppSpecification": application,
        f"{monitor}JobInput": watched,
        f"{monitor}JobOutputConfig": {"MonitoringOutputs": [output]},
        "JobResources": {"ClusterConfig": cluster},
        "RoleArn": ROLE,
    }
    told = stack.put({"It": (f"AWS::SageMaker::{monitor}JobDefinition", given)}, {"Arn": {"Ref": "It"}})
    assert told["Arn"].endswith(f"/{stack.name}")
    stack.api.delete_stack(StackName=stack.name)
    list_all = getattr(sagemaker, xform_name(f"List{monitor}JobDefinitions"))
    eventually(lambda: not list_all(NameContains=stack.name)["JobDefinitionSummaries"])
