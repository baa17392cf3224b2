"""From a candidate that waits to a model in service: what the demo follows and does on that way."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from vigil.aws.environment import aws_client, load_parameters
from vigil.cli.demo import services
from vigil.cli.demo.follow import Follower
from vigil.cli.demo.journey import Journey
from vigil.cli.demo.signers import Signer
from vigil.cli.demo.state import LocalState

# How long the demo waits for a person. The stack itself waits as long as the plan says.
APPROVAL_LIMIT_SECONDS = 4 * 3600


def await_request(follower: Follower, execution: str) -> dict[str, Any] | None:
    """The approval request of this execution; None where the run ended before it asked."""

    def look(status: str) -> Any:
        if not follower.journey.has("Step Functions · train-and-promote", "WaitForApproval"):
            return None if status == "RUNNING" else {}
        listed = json.loads(services.run_vigil("approvals", "list", "--json"))
        for request in listed:
            if request["execution_arn"] == execution and request["status"] == "PENDING":
                return request
        return None if status == "RUNNING" else {}

    return follower.machine("train-and-promote", execution, look) or None


def sign(state: LocalState, signer: Signer, request_id: str, journey: Journey) -> None:
    """`vigil approvals review` or `approve`, as the role has it: a process of its own, like any approver's."""
    step = journey.step("Approval", f"{signer.meaning} by {signer.user}")
    step.begin()
    services.run_vigil(
        "approvals", signer.command, request_id, "--user", signer.user,
        "--password-file", str(state.password_file(signer.user)),
        "--comment", "Unattended demonstration: nobody looked at it.", "--yes",
    )  # fmt: skip
    step.finish(request_id)


def await_end(follower: Follower, execution: str, began: datetime) -> dict[str, Any]:
    update_endpoint = load_parameters().state_machines.update_endpoint

    def look(status: str) -> dict[str, Any] | None:
        nested = follower.latest_execution(update_endpoint, began)
        if nested is not None:
            follower.observe("update-endpoint", nested)
        if status == "RUNNING":
            return None
        described: dict[str, Any] = aws_client("stepfunctions").describe_execution(executionArn=execution)
        return described

    outcome: dict[str, Any] = follower.machine("train-and-promote", execution, look, APPROVAL_LIMIT_SECONDS)
    return outcome
