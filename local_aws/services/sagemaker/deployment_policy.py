"""What a deployment configuration asks for: the steps in which traffic moves, the waits between them, the time limit.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html; sizes and limits:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html and API_RollingUpdatePolicy.html
"""

from __future__ import annotations

from dataclasses import dataclass

from local_aws.services.sagemaker.deployment_shapes import CapacitySize, DeploymentConfig
from local_aws.services.sagemaker.errors import validation_error

DEFAULT_LIMIT_SECONDS = 28_800
WAIT_INTERVAL = "WaitIntervalInSeconds"
TERMINATION_WAIT = "TerminationWaitInSeconds"
#: The smallest and the largest part of the instances that a batch may have, in percent.
CANARY_LIMITS, LINEAR_LIMITS, ROLLING_LIMITS = (0, 50), (10, 50), (5, 50)


@dataclass(frozen=True)
class Step:
    """``share`` percent of the traffic on the new fleet for ``wait_seconds``, which the member ``wait_name`` gave."""

    share: int
    capacity: str
    wait_seconds: int
    wait_name: str

    def activating(self) -> str:
        return f"Activating traffic on {self.capacity}."

    def baking(self) -> str:
        return f"Baking for {self.wait_seconds} seconds ({self.wait_name}) with traffic enabled on {self.capacity}."


@dataclass(frozen=True)
class Policy:
    steps: tuple[Step, ...]
    limit_seconds: int
    alarms: tuple[str, ...]


def policy_of(config: DeploymentConfig | None, instances: int) -> Policy:
    """Raises a ValidationException for what contradicts itself or is not provided.

    ``instances`` is the number of the new fleet; shares of traffic follow it. Without a policy all traffic moves at
    once and nothing is waited for.
    """
    config = config or {}
    if "BlueGreenUpdatePolicy" in config and "RollingUpdatePolicy" in config:
        raise validation_error("Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be given.")
    if "RollingUpdatePolicy" in config:
        steps, limit = _rolling(config, instances)
    elif "BlueGreenUpdatePolicy" in config:
        steps, limit = _blue_green(config, instances)
    else:
        steps, limit = (_full(instances, 0, TERMINATION_WAIT),), DEFAULT_LIMIT_SECONDS
    waits = sum(step.wait_seconds for step in steps)
    if waits >= limit:
        raise validation_error(
            f"MaximumExecutionTimeoutInSeconds ({limit}) must be larger than the total waiting time ({waits})."
        )
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    return Policy(steps, limit, tuple(alarm["AlarmName"] for alarm in alarms))


def _blue_green(config: DeploymentConfig, instances: int) -> tuple[tuple[Step, ...], int]:
    policy = config["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    wait = routing["WaitIntervalInSeconds"]
    shares: list[int] = []
    kind = "canary capacity"
    if routing["Type"] == "CANARY":
        shares = [_percent(routing.get("CanarySize"), "CanarySize", CANARY_LIMITS, instances)]
    elif routing["Type"] == "LINEAR":
        size = _percent(routing.get("LinearStepSize"), "LinearStepSize", LINEAR_LIMITS, instances)
        shares, kind = list(range(size, 100, size)), "linear capacity"
    steps = [_part(kind, share, instances, wait) for share in shares]
    last = _full(instances, policy.get("TerminationWaitInSeconds", 0), TERMINATION_WAIT)
    return (*steps, last), policy.get("MaximumExecutionTimeoutInSeconds", DEFAULT_LIMIT_SECONDS)


def _rolling(config: DeploymentConfig, instances: int) -> tuple[tuple[Step, ...], int]:
    policy = config["RollingUpdatePolicy"]
    if "RollbackMaximumBatchSize" in policy:
        raise validation_error("local_aws rolls back all capacity at once: leave RollbackMaximumBatchSize out.")
    wait = policy["WaitIntervalInSeconds"]
    size = _percent(policy["MaximumBatchSize"], "MaximumBatchSize", ROLLING_LIMITS, instances)
    steps = [_part("partial capacity", share, instances, wait) for share in range(size, 100, size)]
    last = _full(instances, wait, WAIT_INTERVAL)
    return (*steps, last), policy.get("MaximumExecutionTimeoutInSeconds", DEFAULT_LIMIT_SECONDS)


def _part(kind: str, share: int, instances: int, wait: int) -> Step:
    return Step(share, f"{kind} of {max(1, share * instances // 100)} instance(s)", wait, WAIT_INTERVAL)


def _full(instances: int, wait: int, wait_name: str) -> Step:
    return Step(100, f"full capacity of {instances} instance(s)", wait, wait_name)


def _percent(size: CapacitySize | None, member: str, limits: tuple[int, int], instances: int) -> int:
    if size is None:
        raise validation_error(f"{member} is required for this traffic routing type.")
    percent = size["Value"] if size["Type"] == "CAPACITY_PERCENT" else size["Value"] * 100 / max(1, instances)
    low, high = limits
    if not low <= percent <= high:
        raise validation_error(
            f"{member} must be between {low}% and {high}% of the variant's total instance count ({instances}), "
            f"not {size['Value']} by {size['Type']}."
        )
    return max(1, int(percent))
