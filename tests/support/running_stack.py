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

from vigil.cli.demo.signers import Signer, signers

# The demo makes NAME-quality-assurance and NAME-model-owner.
APPROVE_AS = "approver"


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

    def waits(self) -> int:
        """How many requests are pending, by the table: a command at each look would take the trainings' processor."""
        found: dict[str, Any] = self.client("dynamodb").query(
            TableName=self.parameter("tables/approvals"), IndexName="by_status", Select="COUNT",
            KeyConditionExpression="#status = :pending", ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":pending": {"S": "PENDING"}},
        )  # fmt: skip
        return int(found["Count"])

    @property
    def signers(self) -> list[Signer]:
        """Quality assurance, which reviews, and the model owner, who approves."""
        return signers(APPROVE_AS)

    def password_file(self, user: str) -> Path:
        return self.state_dir / "secrets" / f"{user}.password"

    def password(self, user: str) -> str:
        return self.password_file(user).read_text()

    def decide(
        self, command: str, request_id: str, signer: Signer, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """One person's decision by the command line."""
        return self.vigil(
            "approvals", command, request_id, "--user", signer.user, "--comment", "decided by a test", "--yes",
            "--password-file", str(self.password_file(signer.user)), check=check,
        )  # fmt: skip

    def approve(self, request_id: str) -> None:
        """All signatures that the plan asks for."""
        for signer in self.signers:
            self.decide(signer.command, request_id, signer)

    def ask_for_trainings(self, reasons: list[str]) -> dict[str, dict[str, Any]]:
        """Send requests to the train-model queue, all at once; reason → the approval request that comes of it."""
        version = self.requests()[0]["facts"]["dataset_version"]
        asked = {f"e2e:{reason}": reason for reason in reasons}
        for requested_by, reason in asked.items():
            body = {"dataset_version": version, "requested_by": requested_by, "reason": reason}
            self.client("sqs").send_message(QueueUrl=self.parameter("queues/train-model"), MessageBody=json.dumps(body))

        def all_wait() -> dict[str, Any] | None:
            if self.waits() < len(asked):
                return None
            waiting = [each for each in self.requests() if each["status"] == "PENDING"]
            found = {asked[by]: each for each in waiting if (by := each["facts"]["requested_by"]) in asked}
            return found if len(found) == len(asked) else None

        requests: dict[str, dict[str, Any]] = await_value(all_wait, "requests for approval", 300 * len(reasons))
        return requests

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
