"""Starting and stopping all that the demo needs: `local_aws`, the stack on it, people who sign, Airflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vigil.aws.environment import aws_client
from vigil.cli.demo import airflow_server, local_aws_server, mwaa_environment
from vigil.cli.demo.invitations import temporary_password
from vigil.cli.demo.journey import Journey
from vigil.cli.demo.local_image import local_image
from vigil.cli.demo.signers import Signer
from vigil.cli.demo.state import (
    REPOSITORY,
    STACK,
    DemoError,
    LocalState,
    aws_variables,
    child_variables,
    write_private,
    write_shell_variables,
)

# Deploying reads and writes some sixty resources on one machine: seconds; ten minutes is a fault.
COMMAND_LIMIT_SECONDS = 600
STAGE = "This machine"
# What mail to approvers comes from. As their addresses: of a domain that nobody can own (RFC 2606).
MAIL_SENDER = "approvals@vigil.example"
# Somebody watches: as long as the plan's minimum of requests takes to come, not as long as the plan's days and hours.
SHADOW_SECONDS, CANARY_BAKE_SECONDS = "10", "10"


@dataclass(frozen=True)
class Services:
    aws_url: str
    airflow_url: str


def start(
    state: LocalState, journey: Journey, signers: Sequence[Signer] = (), refresh: Callable[[], None] = lambda: None
) -> Services:
    """Start what does not run yet. Airflow, with the signers among its users, starts while the stack is deployed."""
    state.create()
    step = journey.step(STAGE, "local_aws")
    step.begin()
    refresh()
    aws_url = local_aws_server.start(state, mwaa_environment.write(state))
    write_shell_variables(state, aws_url)
    os.environ.update(aws_variables(aws_url))
    step.finish(aws_url)
    airflow = journey.step(STAGE, "airflow")
    airflow.begin("starting")
    airflow_url = airflow_server.start(state, aws_url, [signer.user for signer in signers])
    step = journey.step(STAGE, "stack")
    step.begin("deploying infra/template.yaml")
    refresh()
    registry = registry_url(state)
    aws_client("ses").verify_email_identity(EmailAddress=MAIL_SENDER)  # SES sends from verified addresses only
    run_vigil(
        "stack", "deploy", "--stack", STACK, "--registry-url", registry, "--image", local_image(REPOSITORY),
        "--airflow-url", airflow_url, "--mail-sender", MAIL_SENDER,
        "--airflow-environment", mwaa_environment.NAME,
        "--shadow-seconds", SHADOW_SECONDS, "--canary-bake-seconds", CANARY_BAKE_SECONDS,
        "--allow-unknown-plan-author",  # a demonstration also runs from a folder without git
    )  # fmt: skip
    step.finish(f"vigil-{STACK}")
    return Services(aws_url, airflow_url)


def stop(state: LocalState) -> list[str]:
    """Stop everything; the names of what was running. Airflow first, since it talks to local_aws."""
    stopped = [airflow_server.NAME] if airflow_server.stop(state) else []
    return [*stopped, local_aws_server.NAME] if local_aws_server.stop(state) else stopped


def add_signers(state: LocalState, signers: Sequence[Signer]) -> None:
    """Make sure that each person exists, holds the one role and is trained for it, and has chosen a password.

    As people do: an administrator has a temporary password mailed, and the person chooses the one that signs.
    """
    known = {person["username"] for person in json.loads(run_vigil("people", "list", "--json"))}
    for signer in signers:
        temporary = state.secrets / f"{signer.user}-temporary.password"  # until another one was chosen
        if signer.user not in known:
            write_private(temporary, "")
            run_vigil(
                "people", "add", signer.user, "--printed-name", signer.printed_name, "--role", signer.role,
                "--email", signer.address,
            )  # fmt: skip
        if temporary.exists():
            write_private(temporary, temporary_password(state.mail, signer.address))
            chosen = str(state.password_file(signer.user))
            run_vigil("people", "password", signer.user, "--current-file", str(temporary), "--new-file", chosen)
            temporary.unlink()


def registry_url(state: LocalState) -> str:
    """The DVC data registry: on one machine a bare git repository in the state folder."""
    if not (state.registry / "HEAD").exists():
        command = ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(state.registry)]
        subprocess.run(command, check=True, timeout=60)
    return state.registry.resolve().as_uri()


def run_vigil(*arguments: str, offline: bool = False) -> str:
    """Run the `vigil` command as a process of its own. Its standard output; ``DemoError`` where it fails.

    ``offline``: it is not told where AWS is, nor given credentials.
    """
    command = [str(Path(sys.executable).parent / "vigil"), *arguments]
    told = () if offline else tuple(name for name in aws_variables("") if name in os.environ)
    variables = child_variables({name: os.environ[name] for name in told})
    try:
        result = subprocess.run(
            command, cwd=REPOSITORY, env=variables, check=False, capture_output=True, text=True,
            timeout=COMMAND_LIMIT_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"`vigil {arguments[0]}` did not end within {COMMAND_LIMIT_SECONDS} s") from error
    if result.returncode:
        said = (result.stderr or result.stdout).strip()
        raise DemoError(f"`vigil {' '.join(arguments[:2])}` failed with exit code {result.returncode}:\n{said}")
    return result.stdout
