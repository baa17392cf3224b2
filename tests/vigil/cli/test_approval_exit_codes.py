"""Exit codes of `vigil approvals` that no state of a request gives: sign-in, training, contention, no answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from approval_bench import Bench
from approvals_command import Command
from botocore.exceptions import ClientError

from vigil.approvals.errors import LockedOutError, ProviderUnavailableError, WrongPersonError


@pytest.fixture
def command(tmp_path, monkeypatch) -> Command:
    return Command.over(Bench.make(), tmp_path, monkeypatch)


@pytest.fixture
def request_id(command) -> str:
    return command.bench.open().request_id


def refused(command: Command, request_id: str) -> tuple[int, str]:
    """How approving ends; and nothing is signed."""
    result = command.decide("approve", request_id)
    assert command.stored(request_id).signatures == []
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("kind", "code"), [(LockedOutError, 11), (WrongPersonError, 15), (ProviderUnavailableError, 18)]
)
def test_a_sign_in_that_is_refused(command, request_id, monkeypatch, kind, code):
    def refuse(*_: object) -> None:
        raise kind("as the sign-in says")

    monkeypatch.setattr(command.bench.sign_ins, "authenticate", refuse)
    assert refused(command, request_id) == (code, "vigil approvals: as the sign-in says\n")


def test_training_that_is_not_current(command, request_id):
    command.bench.people.change("ana", roles={"model-owner": command.bench.clock() - timedelta(days=4000)})
    code, told = refused(command, request_id)
    assert code == 13
    assert "training" in told


def test_too_many_changes_at_once(command, request_id, monkeypatch):
    monkeypatch.setattr(command.bench.store, "sign", lambda *_: False)
    monkeypatch.setattr("vigil.approvals.sign.LONGEST_PAUSE_SECONDS", 0.0)
    code, told = refused(command, request_id)
    assert code == 17
    assert "nothing was signed" in told


def test_a_desk_that_gives_no_answer(command, request_id, monkeypatch):
    def fail(**_: object) -> None:
        raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "busy"}}, "Invoke")

    monkeypatch.setattr(command.function, "invoke", fail)
    code, told = refused(command, request_id)
    assert code == 19
    assert "cannot be asked" in told
