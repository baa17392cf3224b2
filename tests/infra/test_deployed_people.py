"""People on a deployed stack: added, locked, revoked by the command, with every function under its own role alone."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from deployed_stack import STACK, VIGIL, FreshStack
from pydantic import SecretStr

from vigil.aws.environment import aws_client
from vigil.cli.demo.invitations import temporary_password

pytestmark = pytest.mark.stack

OWN = "Correct-horse-42!"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def stack(fresh_stack: FreshStack) -> Any:
    return fresh_stack.parameters


@pytest.fixture(scope="module")
def outbox(fresh_stack: FreshStack) -> Path:
    return fresh_stack.outbox


def secret(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text + "\n")
    file.chmod(0o600)
    return str(file)


def people(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VIGIL, "people", *arguments], capture_output=True, text=True, timeout=120, check=False)


def add(folder: Path, user: str, role: str, *more: str) -> None:
    added = people("add", user, "--printed-name", f"{user.title()} Example", "--role", role, *more)
    assert added.returncode == 0, added.stderr


def choose(folder: Path, user: str, current: str, new: str) -> subprocess.CompletedProcess[str]:
    files = [secret(folder, f"current-{user}", current), secret(folder, f"new-{user}", new)]
    return people("password", user, "--current-file", files[0], "--new-file", files[1])


def test_two_people_are_added_without_anybody_at_a_keyboard(stack: Any, folder: Path, outbox: Path) -> None:
    for user, role in (("quinn", "quality-assurance"), ("ana", "model-owner")):
        add(folder, user, role, "--email", f"{user}@example.org")
        assert choose(folder, user, temporary_password(outbox, f"{user}@example.org"), OWN).returncode == 0
    shown = json.loads(people("list", "--json").stdout)
    assert [(each["username"], list(each["roles"])) for each in shown] == [
        ("ana", ["model-owner"]), ("quinn", ["quality-assurance"])
    ]  # fmt: skip
    assert choose(folder, "ana", OWN, "Another-horse-43!").returncode == 0


def test_a_sign_in_is_verified_by_the_keys_that_the_pool_publishes(stack: Any) -> None:
    from vigil.aws.authentication_ports import cognito_sign_in

    identity = cognito_sign_in(stack).sign_in("quinn", SecretStr(OWN))
    assert (identity.username, identity.groups) == ("quinn", {"quality-assurance"})
    assert identity.issuer.endswith(f"amazonaws.com/{stack.cognito.user_pool}")


def test_nobody_tries_a_password_beside_the_functions(stack: Any) -> None:
    given = {"USERNAME": "quinn", "PASSWORD": OWN}
    with pytest.raises(ClientError, match="flow not enabled"):
        boto3.client("cognito-idp").initiate_auth(
            ClientId=stack.cognito.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
        )


def test_a_forgotten_password_is_mailed_to_its_owner_and_to_nobody_else(stack: Any, folder: Path, outbox: Path) -> None:
    add(folder, "mia", "model-owner", "--email", "mia@example.org")
    first = sorted(outbox.glob("*.eml"))
    reset = people("reset", "mia")
    assert reset.returncode == 0, reset.stderr
    sent = [file.read_text() for file in set(outbox.glob("*.eml")) - set(first)]
    assert all("To: mia@example.org" in text for text in sent if "temporary password is" in text)
    password = temporary_password(outbox, "mia@example.org")
    assert password not in reset.stdout
    assert choose(folder, "mia", password, OWN).returncode == 0


def test_wrong_passwords_lock_and_the_alarm_tells(stack: Any, folder: Path) -> None:
    for _ in range(5):
        assert choose(folder, "quinn", "Wrong-horse-11!", "Another-horse-43!").returncode == 7
    assert choose(folder, "quinn", OWN, "Another-horse-43!").returncode == 11
    assert "locked until" in people("show", "quinn").stdout
    cloudwatch, limit = boto3.client("cloudwatch"), time.monotonic() + 150
    alarm = {"AlarmNames": [f"vigil-{STACK}-account-locked"]}
    while (state := cloudwatch.describe_alarms(**alarm)["MetricAlarms"][0]["StateValue"]) != "ALARM":
        assert time.monotonic() < limit, state
        time.sleep(1)
    assert people("unlock", "quinn").returncode == 0
    assert choose(folder, "quinn", OWN, "Another-horse-43!").returncode == 0


def test_somebody_revoked_stays_revoked_and_every_act_is_in_the_ledger(stack: Any, folder: Path) -> None:
    assert people("train", "quinn", "--role", "model-owner", "--on", "2026-01-02").returncode == 0
    assert people("revoke", "quinn", "--reason", "left").returncode == 0
    assert choose(folder, "quinn", "Another-horse-43!", OWN).returncode == 12
    taken = ["add", "Quinn", "--printed-name", "Q", "--role", "model-owner", "--email", "q@example.org"]
    assert people(*taken).returncode == 4
    from vigil.aws.ledger_table import LedgerTable

    table = LedgerTable(aws_client("dynamodb"), stack.tables.ledger, lambda: datetime.now(UTC))
    records = list(table.read("stack"))
    events = [record.event.value for record in records]
    assert events.count("person.added") == 3
    assert {"person.changed", "person.revoked", "account.locked", "sign-in.failed"} <= set(events)
    assert {record.actor.name for record in records if record.event.value == "person.added"} == {
        boto3.client("sts").get_caller_identity()["Arn"]
    }
    text = str([record.content() for record in records])
    assert not [word for word in (OWN, "Wrong-horse-11!", "Another-horse-43!") if word in text]
