"""UpdateEndpoint with a deployment configuration: canaries, alarms, roll-backs, under load.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html; statuses:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from endpoint_callers import Callers
from endpoint_deployments import begin, canary, stage
from local_server import eventually, runs

pytestmark = pytest.mark.stack


def make_alarm(hosting: Any, name: str, variant: str = "none") -> str:
    """An alarm on the server errors of a variant; without data it stays as it is set."""
    hosting.server.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        MetricName="Invocation5XXErrors",
        Namespace="AWS/SageMaker",
        Statistic="Average",
        Period=10,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Dimensions=[{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": variant}],
        TreatMissingData="ignore",
    )
    ring(hosting, name, "OK")
    return name


def ring(hosting: Any, name: str, state: str = "ALARM") -> None:
    hosting.server.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def test_a_canary_gets_its_share_and_then_everything(hosting: Any, name: str) -> None:
    hosting.serve(name, abrupt=True)
    with Callers(hosting, name) as callers:
        version = begin(hosting, name, canary(wait=15, termination=5))
        eventually(lambda: "on canary capacity" in stage(hosting, name) and version in callers.versions)
        pending = hosting.describe(name)["PendingDeploymentSummary"]
        assert pending["EndpointConfigName"] == version
        assert pending["ProductionVariants"][0]["VariantStatus"][0]["Status"] == "Baking"
        start = callers.versions.index(version)
        eventually(lambda: "on full capacity" in stage(hosting, name))
        share = callers.versions[start : start + 40]
        endpoint = hosting.settled(name)
        reached = len(callers.versions)
        eventually(lambda: len(callers.versions) > reached + 10)
    assert callers.errors == []
    assert share.count(version) == pytest.approx(8, abs=4)
    assert set(callers.versions[-5:]) == {version}
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", version)
    assert endpoint["LastDeploymentConfig"] == canary(wait=15, termination=5)
    assert "PendingDeploymentSummary" not in endpoint
    hosting.api.update_endpoint(EndpointName=name, EndpointConfigName=name, RetainDeploymentConfig=True)
    eventually(lambda: "on canary capacity" in stage(hosting, name))


def test_each_answer_is_captured_once_through_a_deployment(hosting: Any, name: str) -> None:
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://jobs/deployed",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    hosting.serve(name, capture, abrupt=True)
    version = hosting.model(f"{name}-next")
    hosting.config(version, capture, **{version.replace("-", "_"): 1.0})
    with Callers(hosting, name) as callers:
        eventually(lambda: len(callers.versions) > 20)
        hosting.api.update_endpoint(EndpointName=name, EndpointConfigName=version, DeploymentConfig=canary(wait=5))
        hosting.settled(name)
        eventually(lambda: callers.versions[-1] == version)
    assert callers.errors == []

    def captured() -> int:
        found = hosting.s3.list_objects_v2(Bucket="jobs", Prefix=f"deployed/{name}/")["Contents"]
        bodies = [hosting.s3.get_object(Bucket="jobs", Key=entry["Key"])["Body"].read() for entry in found]
        return sum(body.count(b"\n") for body in bodies)

    assert eventually(lambda: (count := captured()) >= len(callers.versions) and count) == len(callers.versions)


@pytest.mark.parametrize("moment", ["canary capacity", "full capacity"])
def test_an_alarm_rolls_the_deployment_back_without_a_failed_request(hosting: Any, name: str, moment: str) -> None:
    hosting.serve(name, abrupt=True)
    alarm = make_alarm(hosting, name)
    wait = 100 if moment == "canary capacity" else 1
    with Callers(hosting, name) as callers:
        version = begin(hosting, name, canary(wait=wait, termination=100, alarms=(alarm,)))
        eventually(lambda: f"enabled on {moment}" in stage(hosting, name) and version in callers.versions)
        pid = next(answer["pid"] for _ in range(50) if (answer := hosting.invoke(name)["Body"])["version"] == version)
        ring(hosting, alarm)
        endpoint = hosting.settled(name)
        reached = len(callers.versions)
        eventually(lambda: len(callers.versions) > reached + 10)
    assert callers.errors == []
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", name)
    assert endpoint["FailureReason"].endswith(f"transitioned into ALARM state: {alarm}")
    assert set(callers.versions[-5:]) == {name}
    eventually(lambda: not runs(pid))


def test_a_canary_that_fails_its_callers_is_rolled_back_by_its_own_metrics(hosting: Any, name: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html; one period is 10 s."""
    hosting.serve(name)
    alarm = make_alarm(hosting, name, f"{name}-next")
    with Callers(hosting, name, count=2) as callers:
        version = begin(hosting, name, canary(wait=1500, alarms=(alarm,)), status=500)
        endpoint = hosting.settled(name, within=100)
        failed, reached = len(callers.errors), len(callers.versions)
        eventually(lambda: len(callers.versions) > reached + 20)
    assert endpoint["FailureReason"].endswith(f"transitioned into ALARM state: {alarm}")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", name)
    assert 0 < failed < reached  # the canary's share
    assert all("Received server error (500)" in error and version in error for error in callers.errors)
    assert len(callers.errors) == failed


def test_a_fleet_that_dies_while_it_bakes_is_rolled_back(hosting: Any, name: str) -> None:
    hosting.serve(name)
    version = begin(hosting, name, canary(wait=200))
    eventually(lambda: "Baking" in stage(hosting, name))

    def kill_the_canary() -> bool:
        """Until the endpoint is rolled back; the old version never gets the order to die."""
        try:
            hosting.invoke(name, {"die": True}, TargetVariant=version)
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("ModelError", "ServiceUnavailable", "ValidationError")
        return hosting.describe(name)["EndpointStatus"] == "InService"

    eventually(kill_the_canary)
    endpoint = hosting.describe(name)
    assert "The new fleet failed: The server of production variant" in endpoint["FailureReason"]
    assert hosting.invoke(name)["Body"]["version"] == name


def test_alarms_must_exist_and_a_policy_must_be_possible(hosting: Any, name: str) -> None:
    hosting.serve(name)
    with pytest.raises(ClientError, match="CloudWatch has no alarm nowhere"):
        hosting.api.update_endpoint(
            EndpointName=name, EndpointConfigName=name, DeploymentConfig=canary(1, alarms=("nowhere",))
        )
    impossible = canary(1)
    impossible["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["CanarySize"]["Value"] = 60
    with pytest.raises(ClientError, match="between 0% and 50%"):
        hosting.api.update_endpoint(EndpointName=name, EndpointConfigName=name, DeploymentConfig=impossible)
    assert hosting.describe(name)["EndpointStatus"] == "InService"


def test_weights_and_counts_change_while_the_endpoint_serves_and_are_retained(hosting: Any, name: str) -> None:
    variants = {f"{name}-a": 1.0, f"{name}-b": 1.0}
    for version in variants:
        hosting.model(version)
    hosting.config(name, **{version.replace("-", "_"): weight for version, weight in variants.items()})
    hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    hosting.settled(name)
    desired = [
        {"VariantName": f"{name}-a", "DesiredWeight": 4.0, "DesiredInstanceCount": 3},
        {"VariantName": f"{name}-b", "DesiredWeight": 1.0},
    ]
    change = hosting.api.update_endpoint_weights_and_capacities
    change(EndpointName=name, DesiredWeightsAndCapacities=desired)
    described = hosting.describe(name)["ProductionVariants"]
    assert [variant["CurrentWeight"] for variant in described] == [4.0, 1.0]
    assert [variant["DesiredInstanceCount"] for variant in described] == [3, 1]
    invoked = [hosting.invoke(name)["InvokedProductionVariant"] for _ in range(10)]
    assert invoked.count(f"{name}-a") == 8
    with pytest.raises(ClientError, match="Variant nobody not found"):
        change(EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "nobody", "DesiredWeight": 1.0}])
    with pytest.raises(ClientError, match="weight greater than zero"):
        zero = [{"VariantName": variant, "DesiredWeight": 0.0} for variant in variants]
        change(EndpointName=name, DesiredWeightsAndCapacities=zero)
    exclude = [{"VariantPropertyType": "DesiredInstanceCount"}]
    hosting.api.update_endpoint(
        EndpointName=name,
        EndpointConfigName=name,
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=exclude,
    )
    retained = hosting.settled(name)["ProductionVariants"]
    assert [variant["CurrentWeight"] for variant in retained] == [4.0, 1.0]
    assert [variant["CurrentInstanceCount"] for variant in retained] == [1, 1]
