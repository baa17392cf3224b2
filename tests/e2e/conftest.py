"""One run of the whole job for the session: `vigil demo` as a person runs it, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

# The job takes about five minutes on two idle cores; CI's cores are shared with nobody, a developer's may be.
DEMO_LIMIT_SECONDS = 1500
SIGNER = "demo-approver"


@dataclass(frozen=True)
class RunningStack:
    """The stack that the demo left running, reached over HTTP and the command line only."""

    state_dir: Path
    repository: Path
    demo_output: str
    demo_pid: int

    @property
    def variables(self) -> dict[str, str]:
        endpoint = json.loads((self.state_dir / "local_aws" / "endpoint.json").read_text())
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "AWS_ENDPOINT_URL": endpoint["url"],
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "VIGIL_STACK": "demo",
        }

    @property
    def local_aws_pid(self) -> int:
        pid: int = json.loads((self.state_dir / "local_aws" / "endpoint.json").read_text())["pid"]
        return pid

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.variables["AWS_ENDPOINT_URL"], region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def parameter(self, name: str) -> str:
        value: str = self.client("ssm").get_parameter(Name=f"/vigil/demo/{name}")["Parameter"]["Value"]
        return value

    def vigil(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the `vigil` command as a process of its own."""
        result = subprocess.run(
            [str(Path(sys.executable).parent / "vigil"), *arguments],
            cwd=self.repository, env=self.variables, capture_output=True, text=True, timeout=300, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if check:
            assert result.returncode == 0, result.stdout + result.stderr
        return result

    def requests(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self.vigil("approvals", "list", "--json").stdout)
        return listed

    def password_file(self) -> str:
        return str(self.state_dir / "secrets" / f"{SIGNER}.password")

    def decide(self, verb: str, request_id: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.vigil(
            "approvals", verb, request_id, "--user", SIGNER, "--password-file", self.password_file(),
            "--comment", "decided by a test", "--yes", check=check,
        )  # fmt: skip

    def ask_for_training(self, reason: str) -> dict[str, Any]:
        """Send a request to the train-model queue; the approval request that comes of it."""
        known = {request["request_id"] for request in self.requests()}
        version = self.requests()[0]["facts"]["dataset_version"]
        body = {"dataset_version": version, "requested_by": "e2e:queue", "reason": reason}
        self.client("sqs").send_message(QueueUrl=self.parameter("queues/train-model"), MessageBody=json.dumps(body))

        def new_request() -> dict[str, Any] | None:
            fresh = [each for each in self.requests() if each["request_id"] not in known]
            return next((each for each in fresh if each["status"] == "PENDING"), None)

        request: dict[str, Any] = await_value(new_request, "a request for approval", 300)
        return request

    def execution(self, arn: str) -> dict[str, Any]:
        described: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=arn)
        return described

    def await_end(self, arn: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            described = self.execution(arn)
            return None if described["status"] == "RUNNING" else described

        outcome: dict[str, Any] = await_value(ended, "the end of the execution", 300)
        return outcome

    def endpoint(self) -> dict[str, Any]:
        name = self.parameter("sagemaker/endpoint")
        described: dict[str, Any] = self.client("sagemaker").describe_endpoint(EndpointName=name)
        return described


def await_value(look: Callable[[], Any], what: str, limit_seconds: float) -> Any:
    """Poll until ``look`` gives something; a server that restarts is waited for."""
    deadline = time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        try:
            found = look()
        except BotoCoreError:
            found = None
        if found is not None:
            return found
        time.sleep(1)
    raise AssertionError(f"{what} did not come within {limit_seconds} s")


@pytest.fixture(scope="session")
def running_stack(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """`vigil demo`, on real quarters where they are there, signed unattended; its stack stays for the tests."""
    state_dir = tmp_path_factory.mktemp("vigil-e2e")
    archives = sorted((repository.parent / "shared" / "data" / "faers").glob("faers_ascii_2023q*_sample.zip"))
    command = [str(Path(sys.executable).parent / "vigil"), "demo", "--state-dir", str(state_dir)]
    command += [word for archive in archives for word in ("--archive", str(archive))] + ["--approve-as", SIGNER]
    output = state_dir / "demo.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            command, cwd=repository, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        try:
            code = process.wait(DEMO_LIMIT_SECONDS)
            assert code == 0, _what_went_wrong(output, state_dir)
            yield RunningStack(state_dir, repository, output.read_text(), process.pid)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(120)
            stop = [str(Path(sys.executable).parent / "vigil"), "stop", "--state-dir", str(state_dir)]
            subprocess.run(stop, cwd=repository, check=True, timeout=300, capture_output=True)


def _what_went_wrong(output: Path, state_dir: Path) -> str:
    tails = [output, *sorted((state_dir / "logs").glob("*.log"))]
    return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in tails)
