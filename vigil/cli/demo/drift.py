"""What happens after the main job when the reports change: seen, decided, retrained, signed for, in service."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from vigil.aws.environment import aws_client, load_parameters
from vigil.cli.demo import airflow_server, drift_traffic, services
from vigil.cli.demo import run as main_job
from vigil.cli.demo.airflow_api import TERMINAL, AirflowApi
from vigil.cli.demo.display import JourneyDisplay
from vigil.cli.demo.drift_report import held_back, print_decisions, print_drift_outcome, print_held_back
from vigil.cli.demo.evidence import print_evidence
from vigil.cli.demo.follow import Follower
from vigil.cli.demo.journey import Journey
from vigil.cli.demo.promotion import await_end, await_request, sign
from vigil.cli.demo.report import announce_request
from vigil.cli.demo.signers import APPROVER, Signer, signers
from vigil.cli.demo.state import DemoError, LocalState

WATCH_TASKS = ("choose_window", "merge_ground_truth", "run_monitors", "weekly_report")
MACHINE = "retrain-on-drift"
# From the event that a monitor puts to the record of what is decided: seconds.
DECISION_LIMIT_SECONDS = 300


@dataclass(frozen=True)
class DriftOptions:
    """``approve_as`` signs unattended, as in the main job."""

    approve_as: str | None


def run(state: LocalState, options: DriftOptions, console: Console) -> None:
    """Raises ``DemoError`` where something ends badly; the services are left running."""
    journey = Journey()
    display = JourneyDisplay(console, journey)
    people = signers(options.approve_as or APPROVER)
    with display:
        follower = _start(state, options, people, journey, display)
        needs_model = not _in_service()
    if needs_model:
        console.print("\nNothing is in service yet: first the main job.\n")
        main_job.run(state, main_job.Options([], "synthetic", options.approve_as), console)
        console.print("\nNow the reports change.\n")
    with display:
        archive = drift_traffic.drifted_quarter(state, journey)
        began = datetime.now(UTC)
        drift_traffic.score(archive, journey)
        drift_traffic.bring_labels(archive, journey)
        _watch(follower, began)
        decision = _await_decision(follower, began)
    decisions = _decisions(began)
    print_decisions(console, decisions)
    if decision is None and (held := held_back(decisions)) is not None:
        print_held_back(console, held)
        return
    if decision is None:
        raise DemoError("No decision was to retrain: see `vigil drift list` and the page Monitoring in Airflow's UI")
    with display:
        execution, asked = _retraining(follower, decision)
        request = await_request(follower, execution)
    if request is None:
        raise DemoError(f"The retrained candidate did not get to its signatures: {execution}")
    announce_request(console, request, follower.api.url, people, state)
    if options.approve_as:
        console.print("All of them are given now, unattended: --approve-as.\n", markup=False)
    with display, drift_traffic.clients(archive) as clients:
        if options.approve_as:
            for signer in people:
                sign(state, signer, str(request["request_id"]), journey)
        outcome = await_end(follower, execution, asked)
    if outcome["status"] == "SUCCEEDED":
        print_evidence(console, str(request["request_id"]), state)
    print_drift_outcome(console, outcome, clients.told, follower.api.url)
    if outcome["status"] != "SUCCEEDED":
        raise DemoError(f"The run ended as {outcome.get('error')}: {outcome.get('cause')}")


def _start(
    state: LocalState, options: DriftOptions, people: Sequence[Signer], journey: Journey, display: JourneyDisplay
) -> Follower:
    started = services.start(state, journey, people, display.refresh)
    main_job.refuse_beyond_loopback(options.approve_as, started.aws_url)
    main_job.invite(state, people, journey)
    api = AirflowApi(started.airflow_url, "admin", state.password_file("airflow-admin").read_text())
    follower = Follower(api, journey, display.refresh, lambda: airflow_server.ensure_alive(state))
    main_job.await_airflow(state, follower, journey)
    return follower


def _in_service() -> bool:
    """Whether a model serves: what the demo's main job leaves."""
    listed = json.loads(services.run_vigil("models", "list", "--json"))
    return listed["endpoint"]["active_package"] is not None


def _watch(follower: Follower, began: datetime) -> None:
    """What happens each week by itself, now: labels are merged, the monitors look, the report is written."""
    start = began.replace(microsecond=0)
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    run_id = f"demo-{began:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    conf = {"window_start": start.isoformat(), "window_end": end.isoformat()}
    follower.api.trigger("watch_model", run_id, conf)

    def look() -> str | None:
        follower.journey.observe_dag_run(follower.api, "watch_model", run_id, WATCH_TASKS)
        state = follower.api.run("watch_model", run_id).state
        return state if state in TERMINAL else None

    if follower.until(look, "watch_model") != "success":
        raise DemoError(f"watch_model failed: {follower.api.url}/dags/watch_model/runs/{run_id}")


def _await_decision(follower: Follower, began: datetime) -> dict[str, Any] | None:
    """The decision to retrain, once each violation has been decided on; None where there is none."""
    machine = load_parameters().state_machines.retrain_on_drift

    def look() -> dict[str, Any] | bool | None:
        found = aws_client("stepfunctions").list_executions(stateMachineArn=machine, maxResults=20)
        ours = [each for each in found["executions"] if each["startDate"] >= began]
        for each in ours:
            follower.observe(f"{MACHINE} · {each['name'][-8:]}", each["executionArn"])
        if not ours or any(each["status"] == "RUNNING" for each in ours):
            return None
        return next((each for each in _decisions(began) if each["decide"] == "retrain"), False)

    return follower.until(look, MACHINE, DECISION_LIMIT_SECONDS) or None


def _decisions(began: datetime) -> list[dict[str, Any]]:
    listed = json.loads(services.run_vigil("drift", "list", "--json"))
    return [each for each in listed if datetime.fromisoformat(each["decided_at"]) >= began]


def _retraining(follower: Follower, decision: dict[str, Any]) -> tuple[str, datetime]:
    """Airflow's runs that the decision asked for. The execution's ARN, and when it was asked."""
    asked = datetime.fromisoformat(decision["decided_at"])
    follower.build_dataset(decision["dag_run_id"])
    training = follower.training_run(asked.isoformat())
    return follower.execution(training), asked
