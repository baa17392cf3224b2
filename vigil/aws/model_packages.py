"""The model registry's side of a decision: a package's approval status, with the reason."""

from __future__ import annotations

from typing import Any

DESCRIPTION_CHARACTERS = 1024


class ModelPackages:
    """``client`` is a boto3 SageMaker client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def status(self, arn: str) -> str:
        return str(self._client.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"])

    def set_status(self, arn: str, status: str, reason: str) -> None:
        self._client.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=reason[:DESCRIPTION_CHARACTERS]
        )
