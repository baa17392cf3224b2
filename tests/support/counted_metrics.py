"""What a stack's functions counted in moto's CloudWatch."""

from __future__ import annotations

from datetime import timedelta

from moto_stack import STACK, MotoStack

from vigil.aws.clock import server_time
from vigil.aws.watchdog import NAMESPACE


def counted(stack: MotoStack, metric: str) -> tuple[float, float]:
    """The greatest value of a metric so far, and how often it was counted."""
    now = server_time()
    found = stack.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE, MetricName=metric, Dimensions=[{"Name": "Stack", "Value": STACK}],
        StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1), Period=7200,
        Statistics=["Maximum", "SampleCount"],
    )["Datapoints"]  # fmt: skip
    return max((each["Maximum"] for each in found), default=0), sum(each["SampleCount"] for each in found)
