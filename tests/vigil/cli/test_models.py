"""`vigil models` as people and programs use it, and how approvals show a roll-back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from approval_bench import Bench
from approvals_command import Command
from rollback_bench import NEWER, ROLL_BACK, opened, rollback_facts, served
from typer.testing import CliRunner

from vigil.approvals.errors import (
    AuthenticationError,
    LockedOutError,
    NotEntitledError,
    ProviderUnavailableError,
    RollbackRefusedError,
)
from vigil.aws.rollback_client import RollbackUnavailableError
from vigil.aws.rollback_request import RollbackAsked
from vigil.cli import models
from vigil.models.versions import (
    ChainEntry,
    EndpointState,
    Lineage,
    ModelVersion,
    ModelVersions,
    Signed,
    UnknownVersionError,
    Variant,
    VersionStatus,
)

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/"
SIGNED = (Signed(printed_name="Ana \x1b[31mApprover", role="model-owner", meaning="approved", signed_at=AT),)


def version(number: int, status: VersionStatus, **fields: object) -> ModelVersion:
    return ModelVersion.model_validate(
        {
            "model_package_arn": f"{PACKAGE}{number}", "version": number, "status": status, "registered_at": AT,
            "run_key": f"{number}" * 12, "artefact_digest": f"{number}" * 64, "dataset_version": "d" * 64,
            "signatures": SIGNED, "changed_at": AT,
            "figures": {"discrimination-newest-quarter": "0.880", "plan": "f" * 64},
        }
        | fields
    )  # fmt: skip


FOUND = ModelVersions(
    endpoint=EndpointState(
        name="triage", status="InService", config_name="c-2", recorded_config_name="c-2", active_package=f"{PACKAGE}2",
        since=AT, baseline_digest="b" * 64,
        variants=(
            Variant(name="champion", model_name="m-2", model_package_arn=f"{PACKAGE}2", weight=1.0,
                    desired_weight=1.0, instances=1),
            Variant(name="challenger", model_name="m-3", model_package_arn=f"{PACKAGE}3", weight=1.0,
                    desired_weight=1.0, instances=1, shadow=True),
        ),
    ),
    versions=(
        version(3, VersionStatus.PENDING, signatures=()), version(2, VersionStatus.ACTIVE),
        version(1, VersionStatus.RETIRED, rollback_request_id="apr-1"),
    ),
)  # fmt: skip


class Desk:
    def __init__(self, *rows: dict[str, object]) -> None:
        self.rows = list(rows)

    def requests(self) -> list[dict[str, object]]:
        return self.rows


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk({"execution_arn": "arn:the:roll-back", "request_id": "apr-9"})
    monkeypatch.setattr(models, "open_desk", lambda: made)
    monkeypatch.setattr(models, "_versions", lambda requests: FOUND)
    monkeypatch.setattr(models, "PAUSE_SECONDS", 0)
    monkeypatch.setattr("vigil.aws.environment.load_parameters", lambda: None)
    return made


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(models.app, list(arguments), env={"COLUMNS": "200"}, input=stdin)
    return result.exit_code, result.output


def test_list_shows_what_serves_with_weights_and_each_version(desk: Desk) -> None:
    code, output = run("list")
    assert code == 0
    for value in (
        "InService", "model 2, weight 1.0", "model 3, shadow, answers nobody", "ACTIVE", "RETIRED",
        "PendingManualApproval",
        "roll-back waits:", "apr-1", "1" * 12, "model-owner", "AUROC 0.880", "nobody",
    ):  # fmt: skip
        assert value in output, value
    assert "NOT AS RECORDED" not in output
    assert "\x1b[31m" not in output, "what others wrote is shown harmless"
    assert "\\x0a" not in output, "lines of a cell are lines"


def test_list_says_where_the_endpoint_is_not_as_recorded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    other = FOUND.model_copy(update={"endpoint": FOUND.endpoint.model_copy(update={"config_name": "c-by-hand"})})
    monkeypatch.setattr(models, "_versions", lambda requests: other)
    assert "NOT AS RECORDED" in run("list")[1]


def test_list_as_json_is_the_published_type(desk: Desk) -> None:
    assert ModelVersions.model_validate(json.loads(run("list", "--json")[1])) == FOUND


def test_show_has_the_chain_and_says_whose_names_are_claims(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        ChainEntry(sequence=1, at=AT, event="run.started", actor="dana", via="the training request", proven=False,
                   subject="s", hash="a" * 64),
        ChainEntry(sequence=2, at=AT, event="baseline.pinned", actor="pin-baseline", via="AWS Lambda", proven=True,
                   subject="s", hash="c" * 64),
    ]  # fmt: skip
    lineage = Lineage(version=FOUND.versions[2], chain=tuple(entries), problems=("the windows cannot be read",))
    monkeypatch.setattr("vigil.aws.model_lineage.model_lineage", lambda *_: lineage)
    code, output = run("show", "1" * 8)
    assert code == 0
    for value in ("RETIRED", "yes: `vigil models rollback`", "dana (as the training request says)", "baseline.pinned",
                  "the windows cannot be read"):  # fmt: skip
        assert value in output, value
    assert run("show", "nothing")[0] == 3


@pytest.fixture
def password(tmp_path: Path) -> tuple[str, ...]:
    """The options of who asks."""
    file = tmp_path / "password"
    file.write_text("a-secret\n")
    file.chmod(0o600)
    return ("--user", "ana", "--password-file", str(file))


def test_rollback_asks_as_who_signs_in_and_says_how_to_sign(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, password: tuple[str, ...]
) -> None:
    asked = []

    def ask(order, parameters):
        asked.append(order)
        return RollbackAsked(execution_arn="arn:the:roll-back", model_package_arn=order.model,
                             replaces_package=f"{PACKAGE}2", requested_by="dana", is_new=True)  # fmt: skip

    monkeypatch.setattr("vigil.aws.rollback_client.ask_for_rollback", ask)
    code, output = run("rollback", "1", "--reason", "recall fell", *password)
    assert code == 0
    assert "vigil approvals review apr-9" in output and "nothing changes until it is signed" in output
    (order,) = asked
    assert (order.model, order.reason, order.proof.username) == (f"{PACKAGE}1", "recall fell", "ana")
    assert order.proof.password.get_secret_value() == "a-secret" and "a-secret" not in output
    assert json.loads(run("rollback", "1", "--reason", "x", "--json", *password)[1])["request_id"] == "apr-9"
    typed = ("rollback", "1", "--reason", "x", "--user", "ben", "--password-stdin")
    assert run(*typed, stdin="another\n")[0] == 0 and asked[-1].proof.password.get_secret_value() == "another"
    desk.rows.clear()
    assert "not open yet" in run("rollback", "1", "--reason", "x", *password)[1]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RollbackRefusedError("it serves already"), 5), (RollbackUnavailableError("no answer"), 19),
        (AuthenticationError("the password is wrong"), 7), (NotEntitledError("ask somebody who may"), 8),
        (LockedOutError("wait"), 11), (ProviderUnavailableError("try again"), 18),
    ],
)  # fmt: skip
def test_rollback_ends_under_a_code_of_its_own_where_nothing_was_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, password: tuple[str, ...]
) -> None:
    def ask(order, parameters):
        raise error

    monkeypatch.setattr("vigil.aws.rollback_client.ask_for_rollback", ask)
    found, output = run("rollback", "2", "--reason", "x", *password)
    assert (found, str(error) in output) == (code, True)
    assert run("rollback", "99", "--reason", "x", *password)[0] == 3
    assert run("rollback", "2", "--reason", " ", *password)[0] == 2
    assert run("rollback", "2", "--reason", "x", "--user", "ana")[0] == 2, "nobody can type a password here"


def test_a_name_must_name_one_version() -> None:
    assert FOUND.find("1") is FOUND.versions[2]
    assert FOUND.find(f"{PACKAGE}3") is FOUND.versions[0]
    with pytest.raises(UnknownVersionError, match="no model"):
        FOUND.find("22222")  # shorter than a digest that counts
    twins = FOUND.model_copy(
        update={"versions": (version(1, VersionStatus.ACTIVE, artefact_digest="2" * 64), *FOUND.versions)}
    )
    with pytest.raises(UnknownVersionError, match="2 models are named"):
        twins.find("222222")


def test_approvals_say_first_that_it_is_a_roll_back_of_what_to_what_and_why(tmp_path, monkeypatch) -> None:
    command = Command.over(Bench.make(), tmp_path, monkeypatch)
    bench = command.bench
    served(bench)
    request = opened(bench, rollback_facts(bench))
    assert request.execution_arn == ROLL_BACK
    shown = command.run("show", request.request_id).output
    for value in ("ROLL-BACK", "a model that served before is to serve again", NEWER,
                  "recall fell in the newest quarter", "dana, who proved it by password"):  # fmt: skip
        assert value in shown, value
    assert shown.index("ROLL-BACK") < shown.index("artefact digest")
    assert "roll-back, dana" in command.run("list").output
    prepared = command.run("prepare", request.request_id, "--meaning", "reviewed").output
    assert "ROLL-BACK" in prepared and NEWER in prepared
