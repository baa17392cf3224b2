"""Deployments of endpoints in tests: the request, the new version, the stage that is reached."""

from __future__ import annotations

from typing import Any


def canary(wait: int, termination: int = 0, alarms: tuple[str, ...] = ()) -> dict[str, Any]:
    routing = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": wait,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 20},
    }
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination}
    rollback = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]}} if alarms else {}
    return {"BlueGreenUpdatePolicy": policy, **rollback}


def begin(hosting: Any, name: str, config: dict[str, Any], **behaviour: object) -> str:
    """Ask for a deployment of a new version, which drops what it has begun when it ends; returns its name."""
    version = f"{name}-next"
    hosting.model(version, abrupt=True, **behaviour)
    hosting.config(version, **{version.replace("-", "_"): 1.0})
    hosting.api.update_endpoint(EndpointName=name, EndpointConfigName=version, DeploymentConfig=config)
    return version


def stage(hosting: Any, name: str) -> str:
    summary = hosting.describe(name).get("PendingDeploymentSummary")
    return "" if summary is None else str(summary["ProductionVariants"][0]["VariantStatus"][0]["StatusMessage"])
