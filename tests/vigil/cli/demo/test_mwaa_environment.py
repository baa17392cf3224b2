"""The demo's Airflow as an MWAA environment: the file that `local_aws` reads."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from vigil.cli.demo import airflow_server, local_aws_server, mwaa_environment
from vigil.cli.demo.state import LocalState


@pytest.fixture
def state(tmp_path: Path) -> LocalState:
    made = LocalState(tmp_path / "state")
    made.create()
    return made


def test_the_environment_is_the_airflow_that_the_demo_will_start(state: LocalState) -> None:
    said = tomllib.loads(mwaa_environment.write(state).read_text())["environment"]
    assert said["url"] == airflow_server.address(state)
    assert Path(said["password_file"]).read_text() == airflow_server.password_file(state, said["username"]).read_text()
    assert airflow_server.USERS[said["username"]] == "user", "it may start runs, and change nothing of Airflow itself"


def test_local_aws_starts_again_where_airflow_has_moved(state: LocalState, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[LocalState] = []
    monkeypatch.setattr(local_aws_server, "stop", stopped.append)
    mwaa_environment.write(state)
    mwaa_environment.write(state)
    assert stopped == []
    (state.airflow / "ports.json").write_text('{"api": 1, "worker_logs": 2, "trigger_logs": 3}')
    monkeypatch.setattr(airflow_server, "port_is_free", lambda _port: True)
    mwaa_environment.write(state)
    assert stopped == [state]
