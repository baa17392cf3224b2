"""Stacks are made, changed, undone and removed; each resource works through its own service's API."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.stack

numbers = itertools.count(1)
DEFINITION = json.dumps(
    {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "${Answer}", "End": True}}}
)
EVERYTHING = Path(__file__).with_name("everything.yaml").read_text()


@pytest.fixture
def name() -> str:
    return f"stack-{next(numbers)}"


@pytest.fixture
def cloudformation(local_aws_server: Any) -> Any:
    return local_aws_server.client("cloudformation")


def template(**resources: Any) -> str:
    return json.dumps({"Parameters": {"Value": {"Type": "String", "Default": "x"}}, "Resources": resources})


def parameter(name: str, value: Any = None) -> dict[str, Any]:
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Name": name, "Value": value or {"Ref": "Value"}},
    }


@pytest.fixture
def settled(cloudformation: Any, eventually: Callable[..., Any]) -> Callable[[str], dict[str, Any]]:
    """The stack once it is no longer in progress."""

    def wait(stack: str) -> dict[str, Any]:
        def done() -> Any:
            described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
            return None if described["StackStatus"].endswith("_IN_PROGRESS") else described

        found: dict[str, Any] = eventually(done, 60)
        return found

    return wait


def reasons(cloudformation: Any, stack: str) -> dict[str, str]:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return {
        event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
        for event in events
        if event["ResourceStatus"].endswith("FAILED")
    }


def test_every_type_works_through_its_own_service(
    local_aws_server: Any, cloudformation: Any, settled: Any, name: str
) -> None:
    client = local_aws_server.client
    client("s3").create_bucket(Bucket=f"{name}-code")
    client("s3").put_object(Bucket=f"{name}-code", Key="machine.asl.json", Body=DEFINITION.encode())
    values = {"Name": name, "Bucket": f"{name}-code"}
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    cloudformation.create_stack(
        StackName=name, TemplateBody=EVERYTHING, Parameters=given, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    stack = settled(name)
    assert (stack["StackStatus"], reasons(cloudformation, name)) == ("CREATE_COMPLETE", {})
    queue_arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    assert stack["Outputs"] == [{"OutputKey": "Queue", "OutputValue": queue_arn, "Description": "where to send"}]

    resources = {
        each["LogicalResourceId"]: each
        for each in cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    }
    assert "Unmade" not in resources
    assert "not enforced" in resources["LogsPolicy"]["ResourceStatusReason"]
    assert "TlsOnly" in client("s3").get_bucket_policy(Bucket=f"{name}-data")["Policy"]
    topic = client("sns").get_topic_attributes(TopicArn=resources["Topic"]["PhysicalResourceId"])["Attributes"]
    assert json.loads(topic["Policy"])["Statement"][0]["Sid"] == "Alarms"
    assert "DeleteSecret" in client("secretsmanager").get_resource_policy(SecretId=name)["ResourcePolicy"]
    role = resources["Role"]["PhysicalResourceId"]
    assert client("iam").list_role_policies(RoleName=role)["PolicyNames"] == ["inline"]
    assert client("s3").get_bucket_versioning(Bucket=f"{name}-data")["Status"] == "Enabled"
    assert client("s3").get_bucket_lifecycle_configuration(Bucket=f"{name}-data")["Rules"][0]["Expiration"] == {
        "Days": 7
    }
    lock = client("s3").get_object_lock_configuration(Bucket=f"{name}-data")["ObjectLockConfiguration"]
    assert (lock["Rule"]["DefaultRetention"]["Mode"], lock["Rule"]["DefaultRetention"]["Days"]) == ("GOVERNANCE", 1)
    table = client("dynamodb").describe_table(TableName=name)["Table"]
    assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "by_state"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    backups = client("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    attributes = client("sqs").get_queue_attributes(
        QueueUrl=resources["Queue"]["PhysicalResourceId"], AttributeNames=["All"]
    )["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 3
    assert "events.amazonaws.com" in attributes["Policy"]
    assert json.loads(client("lambda").invoke(FunctionName=name, Payload=b"{}")["Payload"].read()) == name
    assert client("ssm").get_parameter(Name=f"/{name}/table")["Parameter"]["Value"] == name
    assert client("kms").describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["KeySpec"] == "ECC_NIST_P256"
    machine = resources["Machine"]["PhysicalResourceId"]
    definition = client("stepfunctions").describe_state_machine(stateMachineArn=machine)["definition"]
    assert json.loads(definition)["States"]["A"]["Output"] == name
    secret = json.loads(client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
    assert secret == {"url": resources["Topic"]["PhysicalResourceId"]}
    assert client("events").list_targets_by_rule(Rule=name)["Targets"][0]["Arn"].endswith(f":function:{name}")
    assert client("glue").get_job(JobName=name)["Job"]["DefaultArguments"] == {"--n": "5"}
    assert client("glue").get_database(Name=name)["Database"]["Name"] == name

    cloudformation.delete_stack(StackName=name)
    deleted = settled(stack["StackId"])
    assert (deleted["StackStatus"], reasons(cloudformation, stack["StackId"])) == ("DELETE_COMPLETE", {})
    with pytest.raises(client("dynamodb").exceptions.ResourceNotFoundException):
        client("dynamodb").describe_table(TableName=name)


def test_update_makes_changes_and_removes(local_aws_server: Any, cloudformation: Any, settled: Any, name: str) -> None:
    ssm = local_aws_server.client("ssm")
    before = template(Changed=parameter(f"/{name}/changed"), Gone=parameter(f"/{name}/gone"))
    cloudformation.create_stack(StackName=name, TemplateBody=before)
    assert settled(name)["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(cloudformation.exceptions.ClientError, match="No updates are to be performed"):
        cloudformation.update_stack(StackName=name, UsePreviousTemplate=True)
    after = template(Changed=parameter(f"/{name}/changed"), New=parameter(f"/{name}/new"))
    values = [{"ParameterKey": "Value", "ParameterValue": "y"}]
    cloudformation.update_stack(StackName=name, TemplateBody=after, Parameters=values)
    assert settled(name)["StackStatus"] == "UPDATE_COMPLETE"
    found = ssm.get_parameters_by_path(Path=f"/{name}/")["Parameters"]
    assert {each["Name"]: each["Value"] for each in found} == {f"/{name}/changed": "y", f"/{name}/new": "y"}


def test_failed_creation_is_rolled_back_and_says_why(
    local_aws_server: Any, cloudformation: Any, settled: Any, name: str
) -> None:
    ssm = local_aws_server.client("ssm")
    ssm.put_parameter(Name=f"/{name}/taken", Type="String", Value="before")
    body = template(First=parameter(f"/{name}/first"), Second={**parameter(f"/{name}/taken"), "DependsOn": "First"})
    cloudformation.create_stack(StackName=name, TemplateBody=body)
    stack = settled(name)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "[Second]" in stack["StackStatusReason"]
    assert "already exists" in reasons(cloudformation, name)["Second"]
    assert [each["Name"] for each in ssm.get_parameters_by_path(Path=f"/{name}/")["Parameters"]] == [f"/{name}/taken"]
    statuses = [
        event["ResourceStatus"] for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert (statuses[0], statuses[-1]) == ("ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS")
    with pytest.raises(cloudformation.exceptions.ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        cloudformation.update_stack(StackName=name, TemplateBody=template(First=parameter(f"/{name}/x")))


def test_failed_creation_stays_when_asked_to(cloudformation: Any, settled: Any, name: str) -> None:
    missing = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": f"alias/{name}", "TargetKeyId": "none"}}
    cloudformation.create_stack(StackName=name, TemplateBody=template(Alias=missing), OnFailure="DO_NOTHING")
    assert settled(name)["StackStatus"] == "CREATE_FAILED"


def test_failed_update_goes_back(local_aws_server: Any, cloudformation: Any, settled: Any, name: str) -> None:
    ssm = local_aws_server.client("ssm")
    ssm.put_parameter(Name=f"/{name}/taken", Type="String", Value="before")
    cloudformation.create_stack(StackName=name, TemplateBody=template(Kept=parameter(f"/{name}/kept")))
    settled(name)
    body = template(
        Kept=parameter(f"/{name}/kept", "changed"),
        New={**parameter(f"/{name}/new"), "DependsOn": "Kept"},
        Bad={**parameter(f"/{name}/taken"), "DependsOn": "New"},
    )
    cloudformation.update_stack(StackName=name, TemplateBody=body)
    assert settled(name)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    found = {each["Name"]: each["Value"] for each in ssm.get_parameters_by_path(Path=f"/{name}/")["Parameters"]}
    assert found == {f"/{name}/kept": "x", f"/{name}/taken": "before"}
    # AWS lets a stack that went back be updated again.
    cloudformation.update_stack(StackName=name, TemplateBody=template(Kept=parameter(f"/{name}/kept", "again")))
    assert settled(name)["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("resources", "problem"),
    [
        ({"A": {"Type": "AWS::EC2::Instance"}}, "Unrecognized resource types"),
        ({"A": {"Type": "AWS::SNS::Topic", "Properties": {"X": {"Ref": "Gone"}}}}, "Unresolved resource dependencies"),
        ({"A": {"Type": "AWS::IAM::Role", "Properties": {}}}, "Requires capabilities"),
    ],
)
def test_impossible_templates_are_refused_before_anything_is_made(
    cloudformation: Any, name: str, resources: dict[str, Any], problem: str
) -> None:
    with pytest.raises(cloudformation.exceptions.ClientError, match=problem):
        cloudformation.create_stack(StackName=name, TemplateBody=template(**resources))
    with pytest.raises(cloudformation.exceptions.ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=name)


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        ({"Type": "AWS::SNS::Topic", "Properties": {"Colour": "red"}}, "unsupported property Colour"),
        ({"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/x"}}, "'TargetKeyId' is missing"),
        (
            {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": "arn:aws:iam::123456789012:role/r",
                    "DefinitionString": DEFINITION,
                    "DefinitionSubstitutions": {},
                },
            },
            "DefinitionSubstitutions lacks Answer",
        ),
    ],
)
def test_resources_that_cannot_be_made_say_why(
    cloudformation: Any, settled: Any, name: str, resource: dict[str, Any], problem: str
) -> None:
    cloudformation.create_stack(StackName=name, TemplateBody=template(Resource=resource))
    assert settled(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert problem in reasons(cloudformation, name)["Resource"]


def test_stacks_survive_a_restart(own_server: Callable[..., Any], eventually: Callable[..., Any]) -> None:
    server = own_server()
    server.client("cloudformation").create_stack(StackName="kept", TemplateBody=template(A=parameter("/kept")))

    def status() -> str:
        return str(server.client("cloudformation").describe_stacks(StackName="kept")["Stacks"][0]["StackStatus"])

    eventually(lambda: status() == "CREATE_COMPLETE")
    server.restart()
    assert status() == "CREATE_COMPLETE"
    values = [{"ParameterKey": "Value", "ParameterValue": "new"}]
    server.client("cloudformation").update_stack(StackName="kept", UsePreviousTemplate=True, Parameters=values)
    eventually(lambda: status() == "UPDATE_COMPLETE")
    assert server.client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "new"
