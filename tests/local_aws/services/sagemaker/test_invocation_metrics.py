"""What requests to endpoints leave in CloudWatch.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (endpoint invocation metrics)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import eventually

pytestmark = pytest.mark.stack


def statistics(hosting: Any, endpoint: str, metric: str) -> dict[str, float]:
    """Sum, SampleCount, Minimum and Maximum of the last hour."""
    moment = datetime.now(UTC)
    points = hosting.server.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": endpoint}],
        StartTime=moment - timedelta(hours=1),
        EndTime=moment + timedelta(hours=1),
        Period=86400,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum"],
    )["Datapoints"]
    members = ("Sum", "SampleCount")
    found = {member: sum(point[member] for point in points) for member in members}
    if points:
        found |= {"Minimum": min(one["Minimum"] for one in points), "Maximum": max(one["Maximum"] for one in points)}
    return found


def test_requests_errors_and_latencies_are_counted(hosting: Any, name: str) -> None:
    hosting.serve(name)
    hosting.invoke(name)
    hosting.invoke(name, {"seconds": 0.3})
    for status in (400, 404, 500):
        with pytest.raises(ClientError):
            hosting.invoke(name, {"status": status})
    eventually(lambda: statistics(hosting, name, "Invocations")["Sum"] == 5)
    assert statistics(hosting, name, "Invocation4XXErrors")["Sum"] == 2
    errors = statistics(hosting, name, "Invocation5XXErrors")
    assert (errors["Sum"], errors["SampleCount"]) == (1, 5)  # so that an average is an error rate
    assert statistics(hosting, name, "InvocationModelErrors")["Sum"] == 3
    assert statistics(hosting, name, "InvocationsPerInstance")["Sum"] == 5
    latency = statistics(hosting, name, "ModelLatency")
    assert 300_000 <= latency["Maximum"] < 3_000_000
    assert 0 < latency["Minimum"] < 300_000
    overhead = statistics(hosting, name, "OverheadLatency")
    assert 0 < overhead["Maximum"] < 1_000_000
