"""The model registry.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry.html
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack
PREFIX = "arn:aws:sagemaker:us-east-1:123456789012"
CONTAINER = {"Image": "fake", "ModelDataUrl": "s3://jobs/model.tar.gz"}
SPECIFICATION = {
    "Containers": [CONTAINER],
    "SupportedContentTypes": ["application/json"],
    "SupportedResponseMIMETypes": ["application/json"],
}


@pytest.fixture
def api(server: LocalServer) -> Any:
    return server.client("sagemaker")


@pytest.fixture
def group(api: Any, name: str) -> str:
    api.create_model_package_group(ModelPackageGroupName=name, ModelPackageGroupDescription="triage")
    return name


def register(api: Any, group: str, **more: Any) -> str:
    answer = api.create_model_package(ModelPackageGroupName=group, InferenceSpecification=SPECIFICATION, **more)
    return str(answer["ModelPackageArn"])


def test_packages_of_a_group_are_versioned(api: Any, group: str) -> None:
    arns = [register(api, group) for _ in range(2)]
    assert arns == [f"{PREFIX}:model-package/{group}/1", f"{PREFIX}:model-package/{group}/2"]
    package = api.describe_model_package(ModelPackageName=arns[1])
    assert (package["ModelPackageVersion"], package["ModelPackageGroupName"]) == (2, group)
    assert package["ModelPackageStatus"] == "Completed"
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == CONTAINER["ModelDataUrl"]


def test_a_package_waits_for_approval_by_default(api: Any, group: str) -> None:
    arn = register(api, group)
    assert api.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "PendingManualApproval"


def test_an_update_sets_the_approval_and_merges_the_metadata(api: Any, group: str) -> None:
    arn = register(api, group, CustomerMetadataProperties={"digest": "abc", "stage": "one"})
    api.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="signed",
        CustomerMetadataProperties={"signature": "def"},
        CustomerMetadataPropertiesToRemove=["stage"],
    )
    package = api.describe_model_package(ModelPackageName=arn)
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Approved", "signed")
    assert package["CustomerMetadataProperties"] == {"digest": "abc", "signature": "def"}
    assert package["LastModifiedTime"] >= package["CreationTime"]


def test_metrics_and_given_status_are_kept(api: Any, group: str) -> None:
    metrics = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://jobs/e.json"}}}
    arn = register(api, group, ModelMetrics=metrics, ModelApprovalStatus="Rejected")
    package = api.describe_model_package(ModelPackageName=arn)
    assert package["ModelMetrics"] == metrics
    assert package["ModelApprovalStatus"] == "Rejected"


def test_packages_are_listed_newest_first_and_by_approval(api: Any, group: str) -> None:
    for status in ("Approved", "PendingManualApproval", "Approved"):
        register(api, group, ModelApprovalStatus=status)
    listed = api.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert [one["ModelPackageVersion"] for one in listed] == [3, 2, 1]
    approved = api.list_model_packages(ModelPackageGroupName=group, ModelApprovalStatus="Approved", MaxResults=1)
    assert [one["ModelPackageVersion"] for one in approved["ModelPackageSummaryList"]] == [3]
    assert "NextToken" in approved


def test_a_version_is_never_used_again(api: Any, group: str) -> None:
    register(api, group)
    last = register(api, group)
    api.delete_model_package(ModelPackageName=last)
    assert register(api, group).endswith("/3")


def test_parallel_registrations_get_different_versions(api: Any, group: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        arns = list(pool.map(lambda _: register(api, group), range(24)))
    assert sorted(int(arn.rsplit("/", 1)[1]) for arn in arns) == list(range(1, 25))


def test_a_client_token_makes_the_registration_idempotent(api: Any, group: str) -> None:
    token = "a" * 36
    assert register(api, group, ClientToken=token) == register(api, group, ClientToken=token)
    assert len(api.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]) == 1


def test_groups_are_described_listed_and_deleted_when_empty(api: Any, group: str) -> None:
    described = api.describe_model_package_group(ModelPackageGroupName=group)
    assert described["ModelPackageGroupArn"] == f"{PREFIX}:model-package-group/{group}"
    assert (described["ModelPackageGroupStatus"], described["ModelPackageGroupDescription"]) == ("Completed", "triage")
    listed = api.list_model_package_groups(NameContains=group)["ModelPackageGroupSummaryList"]
    assert group in [one["ModelPackageGroupName"] for one in listed]
    arn = register(api, group)
    with pytest.raises(ClientError, match="contains Model Packages"):
        api.delete_model_package_group(ModelPackageGroupName=group)
    api.delete_model_package(ModelPackageName=arn)
    api.delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(ClientError, match=f"model-package-group/{group} does not exist"):
        api.describe_model_package_group(ModelPackageGroupName=group)


def test_what_does_not_exist_is_not_found(api: Any, name: str) -> None:
    with pytest.raises(ClientError, match=rf"ModelPackage {PREFIX}:model-package/{name} does not exist"):
        api.describe_model_package(ModelPackageName=name)
    with pytest.raises(ClientError, match="does not exist"):
        register(api, name)


def test_a_group_is_created_once(api: Any, group: str) -> None:
    with pytest.raises(ClientError, match="already exists"):
        api.create_model_package_group(ModelPackageGroupName=group)
