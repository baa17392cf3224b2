"""The stack that one run of the demo left behind, as the end-to-end tests reach it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

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

    @property
    def client_settings(self) -> dict[str, str]:
        return {
            "endpoint_url": self.variables["AWS_ENDPOINT_URL"],
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    def client(self, service: str) -> Any:
        return boto3.client(service, **self.client_settings)

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


def processes() -> dict[int, str]:
    """Process id → command line, of everything that runs on this machine."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def pid_of(state_dir: Path, *words: str) -> int:
    """The one process of this stack whose command line has all the words."""
    own = [pid for pid, line in processes().items() if all(word in line for word in words) and is_of(pid, state_dir)]
    assert own, f"no process with {words}"
    return own[0]


def is_of(pid: int, state_dir: Path) -> bool:
    """By its environment or its command line: a process of this stack names the state folder in one of them."""
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        text += bytes(Path(f"/proc/{pid}/cwd").readlink())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return str(state_dir).encode() in text


def processes_of(state_dir: Path) -> dict[int, str]:
    """The processes of one stack, by their number."""
    return {pid: line for pid, line in processes().items() if is_of(pid, state_dir)}
