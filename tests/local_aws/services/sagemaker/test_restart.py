"""Endpoints outlive their server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from local_server import LocalServer, eventually, runs, snapshot_holds

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_endpoints_in_service_are_served_again(start_server: Callable[..., LocalServer], tools: Any, way: str) -> None:
    server = start_server()
    hosting = tools["Hosting"](server)
    hosting.serve("lasting")
    pid = hosting.invoke("lasting")["Body"]["pid"]
    eventually(lambda: snapshot_holds(server, b"artefacts/lasting"), within=60)
    getattr(server, way)()
    server.start()
    # A request that comes before the server is ready waits for it.
    answer = hosting.invoke("lasting")["Body"]
    assert answer["version"] == "lasting"
    assert answer["pid"] != pid
    assert not runs(pid)
    assert hosting.settled("lasting")["EndpointStatus"] == "InService"


def test_an_update_right_after_a_restart_has_the_last_word(
    start_server: Callable[..., LocalServer], tools: Any
) -> None:
    server = start_server()
    hosting = tools["Hosting"](server)
    hosting.serve("lasting", start_seconds=1.5)
    hosting.model("next")
    hosting.config("next", next=1.0)
    server.stop()
    server.start()
    hosting.api.update_endpoint(EndpointName="lasting", EndpointConfigName="next")
    assert hosting.settled("lasting")["EndpointConfigName"] == "next"
    log = server.state_dir / "logs/sagemaker/Endpoints/lasting/lasting.log"
    eventually(lambda: log.read_text().count("serving lasting") == 2)
    # For a second and a half, in which a late restoration would have taken over again.
    assert {hosting.invoke("lasting", {"seconds": 0.05})["Body"]["version"] for _ in range(30)} == {"next"}


def test_an_update_that_was_interrupted_goes_on(start_server: Callable[..., LocalServer], tools: Any) -> None:
    server = start_server()
    hosting = tools["Hosting"](server)
    hosting.serve("lasting")
    hosting.model("next", start_seconds=1.5)
    hosting.config("next", next=1.0)
    eventually(lambda: snapshot_holds(server, b"artefacts/next"), within=60)
    hosting.api.update_endpoint(EndpointName="lasting", EndpointConfigName="next")
    server.kill()
    server.start()
    assert hosting.invoke("lasting")["Body"]["version"] == "lasting"
    endpoint = hosting.settled("lasting")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "next")
    assert hosting.invoke("lasting")["Body"]["version"] == "next"


def test_a_clean_stop_writes_what_was_captured_and_leaves_no_process(
    start_server: Callable[..., LocalServer], tools: Any
) -> None:
    server = start_server()
    hosting = tools["Hosting"](server)
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://jobs/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    hosting.serve("lasting", capture)
    pid = hosting.invoke("lasting")["Body"]["pid"]
    server.stop()
    assert not runs(pid)
    server.start()
    assert hosting.s3.list_objects_v2(Bucket="jobs", Prefix="capture/lasting/")["KeyCount"] == 1
