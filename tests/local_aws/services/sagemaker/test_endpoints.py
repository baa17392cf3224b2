"""Endpoints as real servers: into service, replaced, dead, deleted.

Statuses: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html; the container's part:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError
from endpoint_callers import Callers
from local_server import eventually, runs

pytestmark = pytest.mark.stack


def update(hosting: Any, endpoint: str, version: str, **behaviour: object) -> dict[str, Any]:
    hosting.model(version, **behaviour)
    hosting.config(version, **{version.replace("-", "_"): 1.0})
    hosting.api.update_endpoint(EndpointName=endpoint, EndpointConfigName=version)
    return dict(hosting.settled(endpoint))


def test_an_endpoint_serves_the_unpacked_model(hosting: Any, name: str) -> None:
    hosting.model(name, environment={"COLOUR": "red"})
    hosting.config(name, **{name.replace("-", "_"): 1.0})
    arn = hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)["EndpointArn"]
    assert hosting.describe(name)["EndpointStatus"] in ("Creating", "InService")
    endpoint = hosting.settled(name)
    assert (endpoint["EndpointStatus"], endpoint["EndpointArn"]) == ("InService", arn)
    assert endpoint["ProductionVariants"][0]["VariantName"] == name
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    answer = hosting.invoke(name)["Body"]
    assert (answer["version"], answer["environment"]) == (name, "red")


def test_an_update_drops_no_request(hosting: Any, name: str) -> None:
    hosting.serve(name, abrupt=True)  # it drops what it has begun when it is asked to end
    callers = Callers(hosting, name)
    try:
        eventually(lambda: len(callers.versions) > 20)
        endpoint = update(hosting, name, f"{name}-next", start_seconds=0.5)
        eventually(lambda: callers.versions[-1] == f"{name}-next")
        reached = len(callers.versions)
        eventually(lambda: len(callers.versions) > reached + 20)
    finally:
        callers.end()
    assert callers.errors == []
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == f"{name}-next"
    assert set(callers.versions) == {name, f"{name}-next"}


def test_a_request_in_flight_is_answered_by_the_old_server_before_it_ends(hosting: Any, name: str) -> None:
    hosting.serve(name, abrupt=True)
    pid = hosting.invoke(name)["Body"]["pid"]
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(hosting.invoke(name, {"seconds": 2})["Body"]["version"]))
    slow.start()
    try:
        update(hosting, name, f"{name}-next")
        assert hosting.invoke(name)["Body"]["version"] == f"{name}-next"
    finally:
        slow.join(30)
    assert answers == [name]
    eventually(lambda: not runs(pid))


@pytest.mark.parametrize(
    ("behaviour", "reason"), [({"broken": True}, "ended with exit code 3"), ({"unhealthy": True}, "No answer within")]
)
def test_a_failed_update_keeps_the_old_servers(
    hosting: Any, name: str, behaviour: dict[str, object], reason: str
) -> None:
    hosting.serve(name)
    endpoint = update(hosting, name, f"{name}-next", **behaviour)
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == name
    assert "did not pass the ping health check" in endpoint["FailureReason"]
    assert reason in endpoint["FailureReason"]
    assert hosting.invoke(name)["Body"]["version"] == name
    assert "FailureReason" not in update(hosting, name, f"{name}-better")


def test_an_endpoint_whose_server_does_not_start_fails(hosting: Any, name: str) -> None:
    hosting.model(name, broken=True)
    hosting.config(name, **{name.replace("-", "_"): 1.0})
    hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    endpoint = hosting.settled(name)
    assert endpoint["EndpointStatus"] == "Failed"
    assert "the model cannot be read" in endpoint["FailureReason"]
    with pytest.raises(ClientError, match="in status Failed"):
        hosting.api.update_endpoint(EndpointName=name, EndpointConfigName=name)


def test_a_missing_artefact_fails_the_endpoint(hosting: Any, name: str) -> None:
    hosting.model(name)
    hosting.config(name, **{name.replace("-", "_"): 1.0})
    hosting.s3.delete_object(Bucket="jobs", Key=f"artefacts/{name}/model.tar.gz")
    hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert "Failed to download model data" in hosting.settled(name)["FailureReason"]


def test_a_server_that_dies_is_started_again_once_and_then_the_endpoint_fails(hosting: Any, name: str) -> None:
    hosting.serve(name)
    pid = hosting.invoke(name)["Body"]["pid"]
    with pytest.raises(ClientError, match="ModelError"):
        hosting.invoke(name, {"die": True})

    def answers() -> int | None:
        try:
            return int(hosting.invoke(name)["Body"]["pid"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ServiceUnavailable"
            return None

    assert eventually(answers) != pid
    with pytest.raises(ClientError, match="ModelError"):
        hosting.invoke(name, {"die": True})
    endpoint = eventually(lambda: (now := hosting.describe(name))["EndpointStatus"] == "Failed" and now)
    assert "ended 2 times in ten minutes (exit code 9)" in endpoint["FailureReason"]


def test_traffic_is_split_by_weight(hosting: Any, name: str) -> None:
    variants = {f"{name}-a": 3.0, f"{name}-b": 1.0}
    for version in variants:
        hosting.model(version)
    hosting.config(name, **{version.replace("-", "_"): weight for version, weight in variants.items()})
    hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    hosting.settled(name)
    answers = [hosting.invoke(name) for _ in range(20)]
    assert [answer["InvokedProductionVariant"] for answer in answers].count(f"{name}-a") == 15
    assert all(answer["Body"]["version"] == answer["InvokedProductionVariant"] for answer in answers)
    assert hosting.invoke(name, TargetVariant=f"{name}-b")["InvokedProductionVariant"] == f"{name}-b"


def test_a_deleted_endpoint_ends_its_server(hosting: Any, name: str) -> None:
    hosting.serve(name)
    pid = hosting.invoke(name)["Body"]["pid"]
    hosting.api.delete_endpoint(EndpointName=name)

    def gone() -> bool:
        try:
            hosting.describe(name)
        except ClientError as error:
            return f'Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}".' in str(error)
        return False

    eventually(gone)
    assert not runs(pid)
    with pytest.raises(ClientError, match="not found"):
        hosting.invoke(name)


def test_an_endpoint_that_changes_refuses_another_change(hosting: Any, name: str) -> None:
    hosting.serve(name)
    hosting.model(f"{name}-slow", start_seconds=2)
    hosting.config(f"{name}-slow", **{f"{name}-slow".replace("-", "_"): 1.0})
    hosting.api.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-slow")
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        hosting.api.update_endpoint(EndpointName=name, EndpointConfigName=name)
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        hosting.api.delete_endpoint(EndpointName=name)
    assert hosting.settled(name)["EndpointStatus"] == "InService"


def test_what_does_not_exist_is_not_found_in_sagemakers_words(hosting: Any, name: str) -> None:
    api = hosting.api
    variant = {"VariantName": "one", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    with pytest.raises(ClientError, match="Could not find model"):
        api.describe_model(ModelName=name)
    with pytest.raises(ClientError, match="Could not find model"):
        api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        api.update_endpoint(EndpointName=name, EndpointConfigName=name)


def test_what_exists_is_not_created_again(hosting: Any, name: str) -> None:
    hosting.serve(name)
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        hosting.model(name)
    with pytest.raises(ClientError, match="Cannot create already existing endpoint configuration"):
        hosting.config(name, **{name.replace("-", "_"): 1.0})
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)


def test_models_and_configurations_are_listed_and_deleted(hosting: Any, name: str) -> None:
    hosting.model(name)
    hosting.config(name, **{name.replace("-", "_"): 1.0})
    listed = hosting.api.list_endpoint_configs(NameContains=name)["EndpointConfigs"]
    assert [one["EndpointConfigName"] for one in listed] == [name]
    hosting.api.delete_endpoint_config(EndpointConfigName=name)
    hosting.api.delete_model(ModelName=name)
    assert hosting.api.list_models(NameContains=name)["Models"] == []
    assert hosting.api.list_endpoint_configs(NameContains=name)["EndpointConfigs"] == []
