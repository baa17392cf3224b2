"""PutModelPackageGroupPolicy, GetModelPackageGroupPolicy, DeleteModelPackageGroupPolicy.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PutModelPackageGroupPolicy.html. The policy is kept and
given back; with one account there is nobody whom it could let in.
"""

from __future__ import annotations

import json
from typing import TypedDict

from local_aws.api import Context, operation
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.hosting_shapes import ModelPackageGroupRequest
from local_aws.services.sagemaker.model_package_groups import ModelPackageGroupArnResponse, find_group
from local_aws.services.sagemaker.records import MODEL_PACKAGE_GROUP_POLICY


class PutPolicyRequest(TypedDict):
    ModelPackageGroupName: str
    ResourcePolicy: str


class PolicyResponse(TypedDict):
    ResourcePolicy: str


@operation("sagemaker", "PutModelPackageGroupPolicy")
def put_model_package_group_policy(aws: Context, request: PutPolicyRequest) -> ModelPackageGroupArnResponse:
    try:
        policy = json.loads(request["ResourcePolicy"])
    except ValueError as error:
        raise validation_error(f"ResourcePolicy is not JSON: {error}") from error
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise validation_error("ResourcePolicy must be a JSON object with a Statement.")
    with aws.store.transaction():
        group = find_group(aws, request["ModelPackageGroupName"])
        document = {"ResourcePolicy": request["ResourcePolicy"]}
        aws.store.put(MODEL_PACKAGE_GROUP_POLICY, group["ModelPackageGroupName"], document)
    return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}


@operation("sagemaker", "GetModelPackageGroupPolicy")
def get_model_package_group_policy(aws: Context, request: ModelPackageGroupRequest) -> PolicyResponse:
    return {"ResourcePolicy": _find(aws, request["ModelPackageGroupName"])}


@operation("sagemaker", "DeleteModelPackageGroupPolicy")
def delete_model_package_group_policy(aws: Context, request: ModelPackageGroupRequest) -> None:
    name = request["ModelPackageGroupName"]
    with aws.store.transaction():
        _find(aws, name)
        aws.store.delete(MODEL_PACKAGE_GROUP_POLICY, name)


def _find(context: Context, name: str) -> str:
    group = find_group(context, name)
    document = context.store.get(MODEL_PACKAGE_GROUP_POLICY, group["ModelPackageGroupName"])
    if document is None:
        raise validation_error(f"Cannot find resource policy for: {group['ModelPackageGroupArn']}")
    return str(document["ResourcePolicy"])
