"""The whole job, from archives to a model in service, in the order in which a person follows it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlparse

from rich.console import Console

from vigil.aws.environment import aws_client
from vigil.cli.demo import airflow_server, services
from vigil.cli.demo.airflow_api import AirflowApi
from vigil.cli.demo.display import JourneyDisplay
from vigil.cli.demo.evidence import print_evidence
from vigil.cli.demo.follow import Follower, now_iso
from vigil.cli.demo.journey import Journey
from vigil.cli.demo.promotion import await_end, await_request, sign
from vigil.cli.demo.report import announce_request, print_outcome
from vigil.cli.demo.signers import APPROVER, Signer, signers
from vigil.cli.demo.state import DemoError, LocalState

# A small history of four quarters; the newest is held out. Enough for the plan's limits, quick enough for a first look.
SYNTHETIC = ("--quarters", "2024Q1:2024Q4", "--cases", "2600", "--seed", "7")
DAG_IDS = ("build_dataset", "train_model", "watch_model")


@dataclass(frozen=True)
class Options:
    """What the person asked for. ``profile`` is the quality profile; ``approve_as`` signs unattended (`signers`)."""

    archives: Sequence[Path]
    profile: str
    approve_as: str | None


def run(state: LocalState, options: Options, console: Console) -> None:
    """Raises ``DemoError`` where something ends badly; the services are left running for the caller to judge."""
    journey = Journey()
    display = JourneyDisplay(console, journey)
    people = signers(options.approve_as or APPROVER)
    with display:
        started = services.start(state, journey, people, display.refresh)
        display.refresh()
        refuse_beyond_loopback(options.approve_as, started.aws_url)
        landed = _land(state, options, journey)
        invite(state, people, journey)
        display.refresh()
        api = AirflowApi(started.airflow_url, "admin", state.password_file("airflow-admin").read_text())
        follower = Follower(api, journey, display.refresh, lambda: airflow_server.ensure_alive(state))
        await_airflow(state, follower, journey)
        execution, began = _train(follower, landed, options.profile)
        request = await_request(follower, execution)
    if request is not None:
        announce_request(console, request, started.airflow_url, people, state)
        if options.approve_as:
            console.print("All of them are given now, unattended: --approve-as.\n", markup=False)
    with display:
        if options.approve_as and request is not None:
            for signer in people:
                sign(state, signer, str(request["request_id"]), journey)
        outcome = await_end(follower, execution, began)
    if request is not None and outcome["status"] == "SUCCEEDED":
        print_evidence(console, str(request["request_id"]), state)
    print_outcome(console, outcome, request, started.airflow_url, state)
    if outcome["status"] != "SUCCEEDED":
        raise DemoError(f"The run ended as {outcome.get('error')}: {outcome.get('cause')}")


def refuse_beyond_loopback(approve_as: str | None, aws_url: str) -> None:
    if approve_as and urlparse(aws_url).hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise DemoError("--approve-as signs with a generated password, which is for a loopback address only")


def _land(state: LocalState, options: Options, journey: Journey) -> list[str]:
    """Upload the archives, synthetic ones where none are named. Their S3 URIs."""
    archives = list(options.archives)
    step = journey.step(services.STAGE, "quarters")
    step.begin("making synthetic quarters" if not archives else "uploading")
    if not archives:
        services.run_vigil("synth", *SYNTHETIC, "--out", str(state.quarters.resolve()))
        archives = sorted(state.quarters.glob("*.zip"))
    names = [str(archive.resolve()) for archive in archives]
    uris: list[str] = json.loads(services.run_vigil("quarters", "land", "--json", *names))
    step.finish(", ".join(archive.name for archive in archives))
    return uris


def invite(state: LocalState, people: Sequence[Signer], journey: Journey) -> None:
    """Before anything waits for them, so that the mail about it reaches them."""
    step = journey.step(services.STAGE, "people who sign")
    step.begin()
    services.add_signers(state, people)
    step.finish(", ".join(signer.user for signer in people))


def await_airflow(state: LocalState, follower: Follower, journey: Journey) -> None:
    follower.api.wait_until_ready(
        DAG_IDS, airflow_server.START_LIMIT_SECONDS, lambda: airflow_server.ensure_alive(state)
    )
    journey.step(services.STAGE, "airflow").finish(follower.api.url)
    for dag_id in DAG_IDS:
        for run_id in follower.api.active_runs(dag_id):
            _end_earlier_run(follower.api, dag_id, run_id)
            journey.step(services.STAGE, f"earlier run of {dag_id}").finish(f"ended {run_id}", "skipped")
    follower.refresh()


def _end_earlier_run(api: AirflowApi, dag_id: str, run_id: str) -> None:
    """One run at a time: what an interrupted demo left, waiting for a signature perhaps, would block this one."""
    api.mark_failed(dag_id, run_id)
    execution = api.xcom(dag_id, run_id, "hand_off", "execution_arn") if dag_id == "train_model" else None
    if execution is not None:
        # Airflow stops it too, but not where its triggerer had not yet taken the wait up again after the restart.
        aws_client("stepfunctions").stop_execution(
            executionArn=execution, error="Demo.StartedAgain", cause="the demo started again on the same stack"
        )


def _train(follower: Follower, archives: list[str], profile: str) -> tuple[str, datetime]:
    """Build the dataset; its release starts the training. The execution's ARN and when it all began."""
    began, since = datetime.now(UTC), now_iso()
    run_id = f"demo-{began:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    follower.api.trigger("build_dataset", run_id, {"archives": archives, "profile": profile})
    released = follower.build_dataset(run_id)
    if released["already_released"]:
        # The same quarters again: no new version, so no asset event; ask by hand, as an engineer would.
        conf = {"dataset_version": released["version"], "reason": "the demo ran again on the same quarters"}
        follower.api.trigger("train_model", run_id, conf)
        training = run_id
    else:
        training = follower.training_run(since)
    return follower.execution(training), began
