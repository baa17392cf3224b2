"""The state folder: passwords only for their owner, ports that differ, an environment without surprises."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from vigil.cli.demo.state import (
    LocalState,
    aws_variables,
    child_variables,
    free_ports,
    port_is_free,
    read_json,
    write_shell_variables,
)


@pytest.fixture
def state(tmp_path: Path) -> LocalState:
    state = LocalState(tmp_path / "state")
    state.create()
    return state


def test_a_password_is_readable_by_its_owner_only_and_stays_the_same(state: LocalState) -> None:
    path = state.password_file("someone")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert state.password_file("someone").read_text() == path.read_text()
    assert state.password_file("another").read_text() != path.read_text()


def test_the_callers_aws_settings_do_not_reach_the_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    variables = child_variables(aws_variables("http://127.0.0.1:1"))
    assert "AWS_PROFILE" not in variables
    assert variables["AWS_ACCESS_KEY_ID"] == "test"


def test_free_ports_differ_and_are_free() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(port_is_free(port) for port in ports)


def test_a_port_in_use_is_not_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not port_is_free(server.getsockname()[1])


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_half_written_record_reads_as_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_text(text)
    assert read_json(tmp_path / "record.json") == {}
    assert read_json(tmp_path / "absent.json") == {}


def test_the_shell_variables_hold_no_secret_but_the_way(state: LocalState) -> None:
    write_shell_variables(state, "http://127.0.0.1:4000")
    text = state.shell_variables.read_text()
    assert "export AWS_ENDPOINT_URL='http://127.0.0.1:4000'" in text
    assert "export VIGIL_STACK='demo'" in text
