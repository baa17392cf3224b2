"""``ServedModels`` on AWS: the models table says what serves and served, the registry what it says of a package."""

from __future__ import annotations

from typing import Any

from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.model_packages import ModelPackages


class RecordedModels:
    """``client`` is a boto3 DynamoDB client, ``table`` the models table, ``endpoint`` the one whose models these are.

    Every read is consistent.
    """

    def __init__(self, client: Any, table: str, packages: ModelPackages, endpoint: str) -> None:
        self._client = client
        self._table = table
        self._packages = packages
        self._endpoint = endpoint

    def serving(self) -> dict[str, str]:
        """The record of what serves; empty where nothing was recorded."""
        return ServingRecords(self._client, self._table).serving(self._endpoint)

    def serving_package(self) -> str:
        return self.serving().get("active_package", "")

    def recorded_status(self, model_package_arn: str) -> str:
        key = {"model_package_arn": {"S": model_package_arn}}
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
        return str(item.get("status", {}).get("S", ""))

    def registry_status(self, model_package_arn: str) -> str:
        return self._packages.status(model_package_arn)


def recorded_models(parameters: StackParameters) -> RecordedModels:
    packages = ModelPackages(aws_client("sagemaker"))
    return RecordedModels(aws_client("dynamodb"), parameters.tables.models, packages, parameters.sagemaker.endpoint)
