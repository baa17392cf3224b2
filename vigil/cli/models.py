"""`vigil models`: which versions there are, what serves, where one came from, and asking for one to come back.

Nobody rolls back alone: asking opens an approval request, which is signed like any (`vigil approvals`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from vigil.approvals.desk import Desk
from vigil.approvals.errors import ApprovalError, RollbackRefusedError
from vigil.approvals.models import LONGEST_MODEL, LONGEST_REASON, LONGEST_USER, PasswordProof
from vigil.cli import model_tables
from vigil.cli.approval_desk import open_desk
from vigil.cli.asking import argument, option
from vigil.cli.errors import told_plainly
from vigil.cli.passwords import PasswordSourceError, read_password
from vigil.models.versions import ModelVersions, UnknownVersionError

EXIT_CODES = """
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 unknown model; 5 the model may not come back; 7 sign-in failed; 8 not
entitled; 11 locked out; 12 revoked; 13 training expired; 17 busy, try again; 18 identity provider gave no answer; 19 no
answer.
"""
LOOKS, PAUSE_SECONDS = 30, 1.0  # the approval request of a roll-back is there after some seconds

app = typer.Typer(no_args_is_help=True, add_completion=False, epilog=EXIT_CODES, pretty_exceptions_enable=False)

Model = Annotated[
    str, argument("MODEL", "Number, run key, artefact digest (its beginning) or ARN, as in `list`.", LONGEST_MODEL)
]
WHY = "Why; shown to those who sign, and signed. Asked for without it."
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class UnknownModelError(Exception):
    exit_code = 3


class NoAnswerError(Exception):
    exit_code = 19


_told_plainly = told_plainly(
    "models", ApprovalError, RollbackRefusedError, UnknownModelError, NoAnswerError, PasswordSourceError
)


@app.command("list")
@_told_plainly
def list_models(as_json: AsJson = False) -> None:
    """List the versions, newest first, and what serves at the endpoint."""
    found = _versions(open_desk().requests())
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), indent=2))
    else:
        model_tables.print_versions(found)


@app.command()
@_told_plainly
def show(model: Model, as_json: AsJson = False) -> None:
    """Show where one version came from: request, signatures, evaluation, comparison, ledger, baseline, monitoring."""
    from vigil.aws.clock import server_time
    from vigil.aws.environment import load_parameters
    from vigil.aws.model_lineage import model_lineage

    requests = open_desk().requests()
    with _named():
        version = _versions(requests).find(model)
    lineage = model_lineage(version, requests, load_parameters(), server_time)
    if as_json:
        typer.echo(json.dumps(lineage.model_dump(mode="json"), indent=2))
    else:
        model_tables.print_lineage(lineage)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def rollback(
    model: Model,
    user: Annotated[
        str,
        option("--user", "Who asks, of those who may sign; asked for without it.", LONGEST_USER, "User", shortest=1),
    ] = "",
    reason: Annotated[str, option("--reason", WHY, LONGEST_REASON, "Why")] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="Read the password from this file, which only you may read.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask that a model that served before serves again. Those whom its plan names then sign, or nothing happens."""
    from vigil.approvals.rollback_asking import AskForRollback
    from vigil.aws.environment import load_parameters
    from vigil.aws.rollback_client import RollbackUnavailableError, ask_for_rollback

    if not reason.strip():
        raise typer.BadParameter("say why: those who sign must know")
    desk = open_desk()
    with _named():
        package = model if model.startswith("arn:") else _versions(desk.requests()).find(model).model_package_arn
    proof = PasswordProof(username=user, password=read_password(password_file, password_stdin))
    try:
        asked = ask_for_rollback(AskForRollback(model=package, reason=reason, proof=proof), load_parameters())
    except RollbackUnavailableError as unavailable:
        raise NoAnswerError(str(unavailable)) from None
    request = _await_request(asked.execution_arn, desk)
    if as_json:
        typer.echo(json.dumps(asked.model_dump(mode="json") | {"request_id": request}, indent=2))
    else:
        model_tables.print_asked(asked, request)


class _named:  # noqa: N801 -- reads as a statement
    """A name that fits no version ends the command under its own code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnknownVersionError):
            raise UnknownModelError(str(error)) from None


def _versions(requests: Sequence[Mapping[str, object]]) -> ModelVersions:
    from vigil.aws.environment import load_parameters
    from vigil.aws.model_versions import model_versions, version_sources

    return model_versions(version_sources(load_parameters(), lambda: requests))


def _await_request(execution_arn: str, desk: Desk) -> str | None:
    """The approval request of the execution that has just started; None where there is none in time."""
    for look in range(LOOKS):
        if look:
            time.sleep(PAUSE_SECONDS)
        rows: list[dict[str, Any]] = [row for row in desk.requests() if row["execution_arn"] == execution_arn]
        if rows:
            return str(rows[0]["request_id"])
    return None
