"""What the endpoint's callers notice of a model coming and going: nothing. Real servers, callers in other processes."""

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pytest
import steady_client
from local_server import LocalServer
from rolled_out_endpoint import NAME, QUICK, RolledOutEndpoint, image_file

pytestmark = pytest.mark.stack
REQUESTS, CLIENTS = 5000, 2
PACE = {
    "shadow_seconds": 10, "canary_percent": 20, "bake_seconds": 20, "termination_seconds": 10, "limit_seconds": 3600,
}  # fmt: skip
LIMIT_SECONDS = 60


@pytest.fixture
def endpoint(tmp_path):
    with LocalServer(tmp_path / "state", images=[image_file(tmp_path)], variables=QUICK) as server:
        yield RolledOutEndpoint(server, dict(PACE))


@contextmanager
def clients(url, folder):
    """Processes that invoke the endpoint all the while; afterwards what they got."""
    stop = folder / "stop"
    command = [sys.executable, steady_client.__file__, url, NAME, str(stop)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(CLIENTS)]
    got = {"answered": Counter(), "failed": []}
    try:
        yield got
    finally:
        stop.touch()
        for process in running:
            told = json.loads(process.communicate(timeout=LIMIT_SECONDS)[0].splitlines()[-1])
            got["answered"] += Counter(told["answered"])
            got["failed"] += told["failed"]


def invocations(endpoint):
    """Requests that the endpoint has counted for its callers."""
    return sum(
        point["Sum"]
        for point in endpoint.server.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker", MetricName="Invocations", Period=3600, Statistics=["Sum"],
            StartTime=time.time() - 3600, EndTime=time.time() + 60,
            Dimensions=[{"Name": "EndpointName", "Value": NAME}, {"Name": "VariantName", "Value": "champion"}],
        )["Datapoints"]
    )  # fmt: skip


def test_of_5000_requests_through_shadow_canary_blue_green_and_roll_back_none_fails(endpoint, tmp_path):
    endpoint.create(endpoint.model("first"))
    good, slow, failing = endpoint.model("good"), endpoint.model("slow", seconds=2), endpoint.model("bad", status=500)
    with clients(endpoint.server.url, tmp_path) as got:
        assert "FailureReason" not in endpoint.shadow("first", failing)
        endpoint.restore("first-1")
        assert "FailureReason" not in endpoint.shadow("first", good)
        assert endpoint.update(good)["EndpointConfigName"] == "good-promotion"
        turned_away = endpoint.update(slow, bake_seconds=300)
        assert turned_away["EndpointConfigName"] == "good-promotion"
        assert "ChallengerLatency" in turned_away["FailureReason"]
        assert endpoint.update("first", "rollback")["EndpointConfigName"] == "first-rollback"
        deadline = time.monotonic() + LIMIT_SECONDS
        while invocations(endpoint) < REQUESTS and time.monotonic() < deadline:
            time.sleep(0.2)
    assert got["failed"] == []
    assert got["answered"].total() >= REQUESTS
    assert set(got["answered"]) == {"first", "good", "slow"}, "each model's turn must have been met"
