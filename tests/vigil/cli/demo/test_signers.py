"""The people of the demo: one for each signature of the plan, users of Airflow too, with a password of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vigil.cli.demo import airflow_server, daemons, services
from vigil.cli.demo.invitations import temporary_password
from vigil.cli.demo.signers import signers
from vigil.cli.demo.state import DemoError, LocalState


@pytest.fixture
def state(tmp_path: Path) -> LocalState:
    state = LocalState(tmp_path / "state")
    state.create()
    return state


def test_there_is_one_person_for_each_signature_that_the_plan_asks_for() -> None:
    assert [(each.user, each.role, each.meaning) for each in signers("Somebody")] == [
        ("somebody-quality-assurance", "quality-assurance", "reviewed"),
        ("somebody-model-owner", "model-owner", "approved"),
    ]


def invite(outbox: Path, address: str, password: str) -> None:
    """As Cognito's mail lies in local_aws's outbox."""
    outbox.mkdir(exist_ok=True)
    text = f"Your username is somebody and temporary password is {password}."
    (outbox / f"{len(list(outbox.iterdir())):03}.eml").write_text(f"To: {address}\nSubject: s\n\n{text}\n")


def test_the_newest_invitation_to_an_address_is_read_and_no_other(state: LocalState) -> None:
    for address, password in (("a@x.org", "first-aA1!"), ("a@x.org", "second.aA1!"), ("b@x.org", "other-aA1!")):
        invite(state.mail, address, password)
    assert temporary_password(state.mail, "a@x.org") == "second.aA1!"
    with pytest.raises(DemoError, match="no invitation to c@x"):
        temporary_password(state.mail, "c@x.org")


def test_each_is_added_once_and_chooses_the_password_that_signs(
    state: LocalState, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[dict[str, str]] = []
    said: list[tuple[str, ...]] = []

    def run_vigil(*arguments: str) -> str:
        said.append(arguments)
        if arguments[1] == "add":
            known.append({"username": arguments[2]})
            invite(state.mail, f"{arguments[2]}@vigil.example", "made-up-aA1!")
        if arguments[1] == "password":
            assert Path(arguments[4]).read_text() == "made-up-aA1!"
        return json.dumps(known)

    monkeypatch.setattr(services, "run_vigil", run_vigil)
    services.add_signers(state, signers("demo"))
    assert [words[1] for words in said] == ["list", "add", "password", "add", "password"]
    temporary, chosen = said[2][4], said[2][6]
    assert temporary != chosen == str(state.password_file("demo-quality-assurance"))
    assert not Path(temporary).exists()
    services.add_signers(state, signers("demo"))
    assert [words[1] for words in said[5:]] == ["list"]


def test_airflow_starts_again_only_for_a_person_it_does_not_know(
    state: LocalState, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[dict[str, str]] = []
    ended: list[str] = []
    monkeypatch.setattr(daemons, "find", lambda _state, name: name if running else None)
    monkeypatch.setattr(daemons, "start", lambda _state, _name, _command, variables, _folder: running.append(variables))
    monkeypatch.setattr(daemons, "stop", lambda _state, name, *_: ended.append(name) or running.clear())
    for people in (["demo-model-owner"], ["demo-model-owner"], [], ["other-model-owner"]):
        airflow_server.start(state, "http://127.0.0.1:1", people)
    assert ended == ["airflow"]
    users = running[0]["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    assert users == "admin:admin,viewer:viewer,vigil-drift:user,demo-model-owner:user,other-model-owner:user"
    passwords = json.loads((state.secrets / "airflow.json").read_text())
    assert passwords["demo-model-owner"] == state.password_file("demo-model-owner").read_text()
