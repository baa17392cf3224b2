"""Who may deploy what: approval, life cycle and policies of the model registry.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import eventually

pytestmark = pytest.mark.stack
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


@pytest.fixture
def package(hosting: Any, name: str) -> str:
    """A version of a group that waits for approval, with an artefact that can be served."""
    hosting.model(name)
    container = hosting.api.describe_model(ModelName=name)["PrimaryContainer"]
    hosting.api.create_model_package_group(ModelPackageGroupName=name)
    answer = hosting.api.create_model_package(
        ModelPackageGroupName=name,
        InferenceSpecification={
            "Containers": [{"Image": container["Image"], "ModelDataUrl": container["ModelDataUrl"]}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        ModelLifeCycle={"Stage": "Development", "StageStatus": "InProgress"},
    )
    return str(answer["ModelPackageArn"])


def create_model(hosting: Any, name: str, package: str) -> None:
    container = {"ModelPackageName": package, "Environment": {"COLOUR": "blue"}}
    hosting.api.create_model(ModelName=f"{name}-packaged", ExecutionRoleArn=ROLE, PrimaryContainer=container)


def test_a_package_is_deployed_only_when_it_is_approved(hosting: Any, name: str, package: str) -> None:
    for status in ("PendingManualApproval", "Rejected"):
        hosting.api.update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)
        with pytest.raises(ClientError, match=f"ModelApprovalStatus is {status}, not Approved"):
            create_model(hosting, name, package)
    hosting.api.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    create_model(hosting, name, package)
    described = hosting.api.describe_model(ModelName=f"{name}-packaged")
    assert described["PrimaryContainer"]["ModelPackageName"] == package
    assert "ResolvedContainer" not in described
    # What was approved then is what is served, whatever becomes of the package.
    hosting.api.delete_model_package(ModelPackageName=package)
    hosting.config(name, **{f"{name}-packaged".replace("-", "_"): 1.0})
    hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert hosting.settled(name)["EndpointStatus"] == "InService"
    answer = hosting.invoke(name)["Body"]
    assert (answer["version"], answer["environment"]) == (name, "blue")


def test_a_rule_hears_of_an_approval(hosting: Any, name: str, package: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
    queue = hosting.server.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    events = hosting.server.client("events")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [name], "ModelApprovalStatus": ["Approved"]},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}])
    for status in ("Rejected", "Approved"):
        hosting.api.update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)

    def received() -> list[dict[str, Any]]:
        answer = hosting.server.client("sqs").receive_message(QueueUrl=queue)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    (event,) = eventually(received)
    assert event["resources"] == [package]
    assert event["detail"]["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]


def test_the_life_cycle_is_changed_and_listed(hosting: Any, name: str, package: str) -> None:
    stage = {"Stage": "Production", "StageStatus": "Approved", "StageDescription": "signed off"}
    hosting.api.update_model_package(ModelPackageArn=package, ModelLifeCycle=stage, ApprovalDescription="by two")
    described = hosting.api.describe_model_package(ModelPackageName=package)
    assert (described["ModelLifeCycle"], described["ApprovalDescription"]) == (stage, "by two")
    listed = hosting.api.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"]
    assert [one["ModelLifeCycle"] for one in listed] == [stage]


def test_packages_are_described_together_with_what_cannot_be(hosting: Any, package: str) -> None:
    missing = package.rsplit("/", 1)[0] + "/77"
    answer = hosting.api.batch_describe_model_package(ModelPackageArnList=[package, missing])
    summary = answer["ModelPackageSummaries"][package]
    assert (summary["ModelPackageVersion"], summary["ModelApprovalStatus"]) == (1, "PendingManualApproval")
    assert summary["InferenceSpecification"]["Containers"][0]["ModelDataUrl"].endswith("model.tar.gz")
    assert list(answer["BatchDescribeModelPackageErrorMap"]) == [missing]
    assert "does not exist" in answer["BatchDescribeModelPackageErrorMap"][missing]["ErrorResponse"]


def test_a_package_has_at_most_fifty_metadata_properties(hosting: Any, package: str) -> None:
    update = hosting.api.update_model_package
    update(ModelPackageArn=package, CustomerMetadataProperties={f"a{number}": "1" for number in range(40)})
    with pytest.raises(ClientError, match="at most 50"):
        update(ModelPackageArn=package, CustomerMetadataProperties={f"b{number}": "1" for number in range(11)})
    assert len(hosting.api.describe_model_package(ModelPackageName=package)["CustomerMetadataProperties"]) == 40


def test_the_policy_of_a_group_is_kept_until_it_is_deleted(hosting: Any, name: str) -> None:
    api = hosting.api
    arn = api.create_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    with pytest.raises(ClientError, match="Cannot find resource policy"):
        api.get_model_package_group_policy(ModelPackageGroupName=name)
    with pytest.raises(ClientError, match="not JSON"):
        api.put_model_package_group_policy(ModelPackageGroupName=name, ResourcePolicy="{")
    put = api.put_model_package_group_policy(ModelPackageGroupName=name, ResourcePolicy=policy)
    assert put["ModelPackageGroupArn"] == arn
    assert api.get_model_package_group_policy(ModelPackageGroupName=name)["ResourcePolicy"] == policy
    api.delete_model_package_group_policy(ModelPackageGroupName=name)
    with pytest.raises(ClientError, match="Cannot find resource policy"):
        api.delete_model_package_group_policy(ModelPackageGroupName=name)
