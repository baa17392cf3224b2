"""Following the whole job from outside: Airflow's API, Step Functions' histories, the approvals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError

from vigil.aws.environment import aws_client
from vigil.cli.demo.airflow_api import TERMINAL, AirflowApi
from vigil.cli.demo.journey import Journey
from vigil.cli.demo.state import DemoError

BUILD_TASKS = ("land", "curate", "check", "release", "announce")
POLL_SECONDS = 1.0
# Sixteen quarters curate and train in well under half an hour on two cores.
STAGE_LIMIT_SECONDS = 3600


@dataclass(frozen=True)
class Follower:
    """Polls, keeps the journey up to date and calls ``refresh`` after every look."""

    api: AirflowApi
    journey: Journey
    refresh: Callable[[], None]
    check_services: Callable[[], None]

    def until(self, look: Callable[[], Any], what: str, limit_seconds: float = STAGE_LIMIT_SECONDS) -> Any:
        """Poll ``look`` until it returns something. A service that restarts is waited for."""
        deadline = time.monotonic() + limit_seconds
        while time.monotonic() < deadline:
            try:
                found = look()
            except (httpx.TransportError, BotoCoreError):
                found = None
            self.refresh()
            if found is not None:
                return found
            self.check_services()
            time.sleep(POLL_SECONDS)
        raise DemoError(f"{what} did not end within {limit_seconds / 60:.0f} minutes; the logs are in the state folder")

    def build_dataset(self, run_id: str) -> dict[str, Any]:
        """Follow a run of `build_dataset` to its end. What `release` returned."""

        def look() -> str | None:
            self.journey.observe_dag_run(self.api, "build_dataset", run_id, BUILD_TASKS)
            state = self.api.run("build_dataset", run_id).state
            return state if state in TERMINAL else None

        state = self.until(look, "build_dataset")
        if state != "success":
            raise DemoError(f"build_dataset failed: {self.api.url}/dags/build_dataset/runs/{run_id}")
        released: dict[str, Any] = self.api.xcom("build_dataset", run_id, "release")
        return released

    def training_run(self, since: str) -> str:
        """The run of `train_model` that the new dataset version started."""

        def look() -> str | None:
            runs = self.api.runs_since("train_model", since)
            return runs[0].run_id if runs else None

        run_id: str = self.until(look, "starting train_model", 120)
        return run_id

    def execution(self, run_id: str) -> str:
        """The ARN of the execution that `train_model` handed off to."""

        def look() -> str | None:
            self.journey.observe_dag_run(self.api, "train_model", run_id, ("choose_dataset", "hand_off"))
            arn: str | None = self.api.xcom("train_model", run_id, "hand_off", "execution_arn")
            if arn is None and self.api.run("train_model", run_id).state in TERMINAL:
                raise DemoError(f"train_model ended: {self.api.url}/dags/train_model/runs/{run_id}")
            return arn

        arn: str = self.until(look, "handing off")
        return arn

    def machine(
        self, name: str, arn: str, stop: Callable[[str], Any], limit_seconds: float = STAGE_LIMIT_SECONDS
    ) -> Any:
        """Follow an execution until ``stop(status)`` returns something."""

        def look() -> Any:
            status = self.observe(name, arn)
            return stop(status)

        return self.until(look, name, limit_seconds)

    def observe(self, name: str, arn: str) -> str:
        """Take over an execution's states; its status."""
        # Without data: names and times are all that is shown, and a history's data hold task tokens.
        pages = aws_client("stepfunctions").get_paginator("get_execution_history")
        events = [
            event for page in pages.paginate(executionArn=arn, includeExecutionData=False) for event in page["events"]
        ]
        self.journey.observe_execution(name, events)
        status: str = aws_client("stepfunctions").describe_execution(executionArn=arn)["status"]
        return status

    def latest_execution(self, machine_arn: str, since: datetime) -> str | None:
        """The newest execution of a machine that began after a moment."""
        found = aws_client("stepfunctions").list_executions(stateMachineArn=machine_arn, maxResults=10)
        for each in found["executions"]:
            if each["startDate"] >= since:
                arn: str = each["executionArn"]
                return arn
        return None


def now_iso() -> str:
    return datetime.now(UTC).isoformat()
