"""Steps, waits and limits of deployment configurations.

botocore model: TrafficRoutingConfig, CapacitySize, RollingUpdatePolicy, BlueGreenUpdatePolicy; stage messages:
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.api import ApiError
from local_aws.services.sagemaker.deployment_policy import policy_of


def blue_green(kind: str, size: dict[str, Any] | None = None, **policy: Any) -> Any:
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": 60}
    if size is not None:
        routing["CanarySize" if kind == "CANARY" else "LinearStepSize"] = size
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **policy}}


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def rolling(size: dict[str, Any], **more: Any) -> Any:
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 30, **more}}


def steps(config: Any, instances: int = 4) -> list[tuple[int, int]]:
    return [(step.share, step.wait_seconds) for step in policy_of(config, instances).steps]


def test_traffic_moves_at_once_without_a_policy() -> None:
    assert steps(None) == [(100, 0)]


def test_all_at_once_bakes_before_the_old_fleet_goes() -> None:
    assert steps(blue_green("ALL_AT_ONCE", TerminationWaitInSeconds=300)) == [(100, 300)]


def test_a_canary_moves_in_two_steps() -> None:
    assert steps(blue_green("CANARY", percent(10), TerminationWaitInSeconds=120)) == [(10, 60), (100, 120)]
    assert steps(blue_green("CANARY", {"Type": "INSTANCE_COUNT", "Value": 1})) == [(25, 60), (100, 0)]


def test_linear_steps_end_with_all_traffic() -> None:
    assert steps(blue_green("LINEAR", percent(30))) == [(30, 60), (60, 60), (90, 60), (100, 0)]


def test_a_rolling_update_bakes_each_batch() -> None:
    assert steps(rolling(percent(50))) == [(50, 30), (100, 30)]


def test_stages_are_told_in_the_words_of_the_events_page() -> None:
    first, last = policy_of(blue_green("CANARY", percent(25), TerminationWaitInSeconds=600), 4).steps
    assert first.activating() == "Activating traffic on canary capacity of 1 instance(s)."
    expected = (
        "Baking for 600 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 4 instance(s)."
    )
    assert last.baking() == expected


@given(st.integers(10, 50), st.integers(1, 20))
def test_linear_shares_only_grow(size: int, instances: int) -> None:
    shares = [share for share, _ in steps(blue_green("LINEAR", percent(size)), instances)]
    assert shares == sorted(set(shares))
    assert shares[-1] == 100
    assert all(after - before <= size for before, after in zip([0, *shares], shares, strict=False))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (blue_green("CANARY"), "CanarySize is required"),
        (blue_green("CANARY", percent(51)), "between 0% and 50%"),
        (blue_green("CANARY", {"Type": "INSTANCE_COUNT", "Value": 3}), "between 0% and 50%"),
        (blue_green("LINEAR"), "LinearStepSize is required"),
        (blue_green("LINEAR", percent(9)), "between 10% and 50%"),
        (rolling(percent(4)), "between 5% and 50%"),
        (rolling(percent(50), RollbackMaximumBatchSize=percent(50)), "leave RollbackMaximumBatchSize out"),
        ({**rolling(percent(50)), **blue_green("ALL_AT_ONCE")}, "Only one of"),
        (
            blue_green("ALL_AT_ONCE", TerminationWaitInSeconds=600, MaximumExecutionTimeoutInSeconds=600),
            "must be larger than the total waiting time",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(config: Any, reason: str) -> None:
    with pytest.raises(ApiError, match=reason):
        policy_of(config, 4)
