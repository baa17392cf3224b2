"""Monitoring job definitions and model cards.

botocore model: operations, errors and enumerations; https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack
ENDPOINT_INPUT = {"EndpointName": "watched", "LocalPath": "/opt/ml/processing/input/endpoint"}
OUTPUT = {"MonitoringOutputs": [{"S3Output": {"S3Uri": "s3://jobs/out", "LocalPath": "/opt/ml/processing/output"}}]}
TRUTH = {"GroundTruthS3Input": {"S3Uri": "s3://jobs/truth"}}
EXTRA: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "DataQuality": ({}, {}),
    "ModelQuality": ({"ProblemType": "BinaryClassification"}, TRUTH),
    "ModelBias": ({"ConfigUri": "s3://jobs/config"}, TRUTH),
    "ModelExplainability": ({"ConfigUri": "s3://jobs/config"}, {}),
}


@pytest.fixture
def api(server: LocalServer) -> Any:
    return server.client("sagemaker")


def request(kind: str, name: str) -> dict[str, Any]:
    application, data = EXTRA[kind]
    return {
        "JobDefinitionName": name,
        f"{kind}AppSpecification": {"ImageUri": "fake", **application},
        f"{kind}JobInput": {"EndpointInput": ENDPOINT_INPUT, **data},
        f"{kind}JobOutputConfig": OUTPUT,
        "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        "RoleArn": "arn:aws:iam::123456789012:role/monitor",
    }


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("DataQuality", "data_quality"),
        ("ModelQuality", "model_quality"),
        ("ModelBias", "model_bias"),
        ("ModelExplainability", "model_explainability"),
    ],
)
def test_job_definitions_are_kept_listed_and_deleted(api: Any, name: str, kind: str, words: str) -> None:
    arn = getattr(api, f"create_{words}_job_definition")(**request(kind, name))["JobDefinitionArn"]
    assert arn.endswith(f":{words.replace('_', '-')}-job-definition/{name}")
    with pytest.raises(api.exceptions.ResourceInUse, match="already exists"):
        getattr(api, f"create_{words}_job_definition")(**request(kind, name))
    described = getattr(api, f"describe_{words}_job_definition")(JobDefinitionName=name)
    assert described[f"{kind}JobInput"]["EndpointInput"] == ENDPOINT_INPUT
    list_all = getattr(api, f"list_{words}_job_definitions")
    (listed,) = list_all(NameContains=name, EndpointName="watched")["JobDefinitionSummaries"]
    assert (listed["MonitoringJobDefinitionName"], listed["MonitoringJobDefinitionArn"]) == (name, arn)
    assert listed["EndpointName"] == "watched"
    assert list_all(NameContains=name, EndpointName="another")["JobDefinitionSummaries"] == []
    getattr(api, f"delete_{words}_job_definition")(JobDefinitionName=name)
    with pytest.raises(api.exceptions.ResourceNotFound):
        getattr(api, f"describe_{words}_job_definition")(JobDefinitionName=name)


def test_a_model_card_has_a_version_for_each_change(api: Any, name: str) -> None:
    first, second = json.dumps({"model_overview": {}}), json.dumps({"intended_uses": {}})
    api.create_model_card(ModelCardName=name, Content=first, ModelCardStatus="Draft")
    with pytest.raises(api.exceptions.ConflictException):
        api.create_model_card(ModelCardName=name, Content=first, ModelCardStatus="Draft")
    api.update_model_card(ModelCardName=name, Content=second)
    api.update_model_card(ModelCardName=name, ModelCardStatus="Approved")
    latest = api.describe_model_card(ModelCardName=name)
    assert (latest["ModelCardVersion"], latest["Content"], latest["ModelCardStatus"]) == (3, second, "Approved")
    assert api.describe_model_card(ModelCardName=name, ModelCardVersion=1)["Content"] == first
    versions = api.list_model_card_versions(ModelCardName=name)["ModelCardVersionSummaryList"]
    assert [one["ModelCardStatus"] for one in versions] == ["Approved", "Draft", "Draft"]
    listed = api.list_model_cards(NameContains=name, ModelCardStatus="Approved")["ModelCardSummaries"]
    assert [one["ModelCardName"] for one in listed] == [name]
    with pytest.raises(ClientError, match="not JSON"):
        api.update_model_card(ModelCardName=name, Content="{")
    api.delete_model_card(ModelCardName=name)
    api.create_model_card(ModelCardName=name, Content=first, ModelCardStatus="Draft")
    assert api.describe_model_card(ModelCardName=name)["ModelCardVersion"] == 1
