"""The real Airflow of the demo: `airflow standalone` (api-server, scheduler, dag-processor, triggerer) on SQLite."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from vigil.cli.demo import daemons
from vigil.cli.demo.state import (
    REPOSITORY,
    STACK,
    DemoError,
    LocalState,
    aws_variables,
    child_variables,
    free_ports,
    port_is_free,
    read_json,
    write_private,
)

NAME = "airflow"
# Its own database and four components start: 60 s on two idle cores; ten times that is a fault.
START_LIMIT_SECONDS = 600
# `standalone` needs about ten seconds to end its four components after SIGINT.
STOP_GRACE_SECONDS = 40
# Who asks for retrainings after drift. On MWAA this is what the function's IAM role is mapped to.
RETRAINER = "vigil-drift"
USERS = {"admin": "admin", "viewer": "viewer", RETRAINER: "user"}
# A role that may answer Airflow's own questions for people (`HITL detail`): so the pages let it sign.
SIGNER_ROLE = "user"


def start(state: LocalState, endpoint: str, signers: Sequence[str] = ()) -> str:
    """Start Airflow, or find it running. Returns the URL; the caller awaits its health.

    ``signers`` can sign in to it beside its own users. It reads its users once, so that a new one needs a new start.
    """
    ports = _ports(state)
    url = address(state)
    users = _users(state, signers)
    if daemons.find(state, NAME) is not None and users != read_json(_users_file(state)):
        stop(state)
    if daemons.find(state, NAME) is None:
        write_private(state.secrets / "airflow.json", json.dumps(_passwords(state, users)))
        _users_file(state).write_text(json.dumps(users))
        airflow = Path(sys.executable).parent / "airflow"
        variables = child_variables(_variables(state, endpoint, ports, users))
        daemons.start(state, NAME, [str(airflow), "standalone"], variables, state.airflow)
    return url


def address(state: LocalState) -> str:
    """Where it answers, or will: the port is chosen before anything starts."""
    return f"http://127.0.0.1:{_ports(state)['api']}"


def stop(state: LocalState) -> bool:
    # SIGTERM would orphan the four components; SIGINT ends them.
    return daemons.stop(state, NAME, signal.SIGINT, STOP_GRACE_SECONDS)


def ensure_alive(state: LocalState) -> None:
    """Raise ``DemoError`` with the end of the log where Airflow has ended."""
    if daemons.find(state, NAME) is None:
        log = state.logs / f"{NAME}.log"
        raise DemoError(f"Airflow ended. The end of {log}:\n{daemons.last_lines(log)}")


def password_file(state: LocalState, user: str) -> Path:
    """A signer has one password, for Airflow and for signing, as where one provider knows everybody."""
    return state.password_file(f"airflow-{user}" if user in USERS else user)


def _users(state: LocalState, signers: Sequence[str]) -> dict[str, str]:
    """User → role. Whoever could sign in at an earlier start still can."""
    return {**USERS, **read_json(_users_file(state)), **dict.fromkeys(signers, SIGNER_ROLE)}


def _users_file(state: LocalState) -> Path:
    return state.airflow / "users.json"


def _passwords(state: LocalState, users: dict[str, str]) -> dict[str, str]:
    return {user: password_file(state, user).read_text() for user in users}


def _ports(state: LocalState) -> dict[str, int]:
    """The ports of the last start where they are still free (or ours), so that a bookmarked URL goes on working."""
    path = state.airflow / "ports.json"
    ports: dict[str, int] = read_json(path)
    running = daemons.find(state, NAME) is not None
    if not ports or not (running or all(port_is_free(port) for port in ports.values())):
        ports = dict(zip(("api", "worker_logs", "trigger_logs"), free_ports(3), strict=True))
        path.write_text(json.dumps(ports))
    return ports


def _variables(state: LocalState, endpoint: str, ports: dict[str, int], users: dict[str, str]) -> dict[str, str]:
    url = f"http://127.0.0.1:{ports['api']}"
    settings = {
        "core__dags_folder": str(REPOSITORY / "dags"),
        "core__plugins_folder": str(REPOSITORY / "plugins"),
        "core__load_examples": "False",
        "core__dags_are_paused_at_creation": "False",
        # LocalExecutor starts all its workers up front, at 135 MB each.
        "core__parallelism": "4",
        "core__execution_api_server_url": f"{url}/execution/",
        "core__simple_auth_manager_users": ",".join(f"{user}:{role}" for user, role in users.items()),
        "core__simple_auth_manager_passwords_file": str((state.secrets / "airflow.json").resolve()),
        "api__host": "127.0.0.1",
        "api__port": str(ports["api"]),
        "api__base_url": url,
        "api__workers": "1",
        "logging__worker_log_server_port": str(ports["worker_logs"]),
        "logging__trigger_log_server_port": str(ports["trigger_logs"]),
        "dag_processor__refresh_interval": "10",
        "dag_processor__min_file_process_interval": "10",
        "scheduler__scheduler_idle_sleep_time": "0.5",
        "usage_data_collection__enabled": "False",
        "vigil__stack": STACK,
    }
    return {
        **aws_variables(endpoint),
        **{f"AIRFLOW__{name.upper()}": value for name, value in settings.items()},
        "AIRFLOW_HOME": str(state.airflow.resolve()),
        "PYTHONUNBUFFERED": "1",
    }
