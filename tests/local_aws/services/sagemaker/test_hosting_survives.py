"""What endpoints were doing when their server was killed is done after its next start."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from endpoint_deployments import begin, canary, stage
from local_server import LocalServer, eventually
from monitoring_schedules import NOW, config, ended, executions

pytestmark = pytest.mark.stack
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://jobs/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}


def captured(hosting: Any) -> list[int]:
    """The cases whose requests are in S3."""
    found = []
    for entry in hosting.s3.list_objects_v2(Bucket="jobs", Prefix="capture/").get("Contents", []):
        body = hosting.s3.get_object(Bucket="jobs", Key=entry["Key"])["Body"].read()
        records = [json.loads(line) for line in body.splitlines()]
        found += [json.loads(one["captureData"]["endpointInput"]["data"])["case"] for one in records]
    return sorted(found)


def test_a_deployment_an_execution_and_captured_records_survive_the_death_of_the_server(
    start_server: Callable[..., LocalServer], tools: Any
) -> None:
    server = start_server()
    hosting = tools["Hosting"](server)
    hosting.serve("lasting", CAPTURE)
    for file in ("constraints", "statistics"):
        hosting.s3.put_object(Bucket="jobs", Key=f"baseline/lasting/{file}.json", Body=b"{}")
    hosting.invoke("lasting", {"case": 0})
    eventually(lambda: captured(hosting) == [0])
    version = begin(hosting, "lasting", canary(wait=10))
    eventually(lambda: "Baking" in stage(hosting, "lasting"))
    schedule = config("lasting", NOW)
    hosting.api.create_monitoring_schedule(MonitoringScheduleName="lasting", MonitoringScheduleConfig=schedule)
    answered = [hosting.invoke("lasting", {"case": case})["Body"]["version"] for case in range(1, 21)]
    server.kill()
    server.start()
    assert hosting.describe("lasting")["EndpointStatus"] == "Updating"
    eventually(lambda: "on canary capacity" in stage(hosting, "lasting"))
    assert hosting.settled("lasting")["EndpointConfigName"] == version
    assert hosting.invoke("lasting", {"case": 21})["Body"]["version"] == version
    # The new version's configuration captures nothing, so its answers are not expected in S3.
    kept = [0, *(case for case, served in enumerate(answered, 1) if served == "lasting")]
    eventually(lambda: captured(hosting) == kept)
    assert ended(hosting, "lasting")["MonitoringExecutionStatus"] == "Completed"
    assert len(executions(hosting, "lasting")) == 1
