"""Events of models, configurations, packages and endpoints, with the change that they tell of.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

from typing import Any

import pytest

from local_aws.api import ApiError, Context
from local_aws.services import event_bus
from local_aws.services.sagemaker import endpoint_configs, model_package_groups, model_packages, models
from local_aws.services.sagemaker.announcements import change_endpoint
from local_aws.services.sagemaker.records import ENDPOINT, now

MODEL: Any = {"ModelName": "m", "PrimaryContainer": {"Image": "fake", "Environment": {"TOKEN": "hidden"}}}
SPECIFICATION: Any = {"Containers": [{"Image": "fake", "ModelDataUrl": "s3://b/m.tar.gz"}]}
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def told(context: Context, detail_type: str) -> list[dict[str, Any]]:
    return [event for event in event_bus.pending(context) if event["detail-type"] == detail_type]


def test_models_and_configurations_are_announced_when_they_come_and_go(context: Context) -> None:
    models.create_model(context, MODEL)
    variant: Any = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    endpoint_configs.create_endpoint_config(context, {"EndpointConfigName": "c", "ProductionVariants": [variant]})
    endpoint_configs.delete_endpoint_config(context, {"EndpointConfigName": "c"})
    models.delete_model(context, {"ModelName": "m"})
    for_models = told(context, "SageMaker Model State Change")
    assert [event["resources"] for event in for_models] == [[f"{ARN}:model/m"]] * 2
    assert (for_models[0]["source"], for_models[0]["detail"]["ModelName"]) == ("aws.sagemaker", "m")
    assert "hidden" not in str(for_models)
    for_configs = told(context, "SageMaker Endpoint Config State Change")
    assert [event["detail"]["EndpointConfigArn"] for event in for_configs] == [f"{ARN}:endpoint-config/c"] * 2


def test_what_is_refused_is_not_announced(context: Context) -> None:
    models.create_model(context, MODEL)
    with pytest.raises(ApiError, match="already existing"):
        models.create_model(context, MODEL)
    assert len(told(context, "SageMaker Model State Change")) == 1


def test_an_approval_is_announced_with_the_fields_it_changed(context: Context) -> None:
    model_package_groups.create_model_package_group(context, {"ModelPackageGroupName": "g"})
    arn = model_packages.create_model_package(
        context, {"ModelPackageGroupName": "g", "InferenceSpecification": SPECIFICATION}
    )["ModelPackageArn"]
    model_packages.update_model_package(
        context, {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "ApprovalDescription": "signed"}
    )
    model_packages.delete_model_package(context, {"ModelPackageName": arn})
    created, approved, deleted = told(context, "SageMaker Model Package State Change")
    assert created["resources"] == [arn]
    assert created["detail"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert "UpdatedModelPackageFields" not in created["detail"]
    detail = approved["detail"]
    assert (detail["ModelPackageGroupName"], detail["ModelPackageVersion"]) == ("g", 1)
    assert (detail["ModelApprovalStatus"], detail["ModelPackageStatus"]) == ("Approved", "Completed")
    assert detail["UpdatedModelPackageFields"] == ["ApprovalDescription", "ModelApprovalStatus"]
    assert detail["LastModifiedTime"].endswith("Z")
    assert deleted["detail"]["ModelPackageStatus"] == "Deleting"


def test_statuses_and_stages_of_endpoints_are_announced_in_the_forms_of_the_page(context: Context) -> None:
    moment = now()
    document = {
        "EndpointName": "e",
        "EndpointArn": f"{ARN}:endpoint/e",
        "EndpointConfigName": "old",
        "EndpointStatus": "InService",
        "CreationTime": moment,
        "LastModifiedTime": moment,
    }
    context.store.put(ENDPOINT, "e", document)
    stage = {"EndpointConfigName": "new", "StartTime": moment, "ProductionVariants": [{"VariantName": "v"}]}
    change_endpoint(context, "e", EndpointStatus="Updating", PendingDeploymentSummary=stage)
    change_endpoint(context, "e", PendingDeploymentSummary=stage)
    change_endpoint(context, "e", EndpointStatus="UpdateRollbackFailed", PendingDeploymentSummary=None)
    states = told(context, "SageMaker Endpoint State Change")
    assert [event["detail"]["EndpointStatus"] for event in states] == ["UPDATING", "UPDATE_ROLLBACK_FAILED"]
    assert states[0]["detail"]["CreationTime"] == int(moment.timestamp() * 1000)
    stages = told(context, "SageMaker Endpoint Deployment State Change")
    assert len(stages) == 2
    assert stages[0]["detail"]["PendingDeploymentSummary"]["StartTime"] == int(moment.timestamp() * 1000)
