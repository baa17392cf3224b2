"""`vigil drift`: what was decided about drift, why, and to decide otherwise after signing in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vigil.approvals.models import LONGEST_ID, LONGEST_REASON, LONGEST_USER
from vigil.aws.drift_desk import desk_client
from vigil.aws.environment import load_parameters
from vigil.aws.people_desk import FunctionFailedError, RefusedError, ask
from vigil.cli import drift_tables
from vigil.cli.approval_tables import beside_json
from vigil.cli.asking import argument, option, require_yes
from vigil.cli.errors import told_plainly
from vigil.cli.passwords import PasswordSourceError, read_password
from vigil.cli.terminal_text import visible
from vigil.monitoring.models import Decide, DriftDecision

EXIT_CODES = """
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 unknown decision; 4 nothing to override; 5 a retraining is in progress;
6 nothing new to train on; 7 sign-in failed; 8 not entitled; 9 no reason; 10 plan cannot be read; 11 locked out;
12 revoked; 13 training expired; 17 busy, try again; 18 identity provider gave no answer;
22 you were asked and did not say yes: nothing was changed.
"""

app = typer.Typer(no_args_is_help=True, add_completion=False, epilog=EXIT_CODES, pretty_exceptions_enable=False)

DecisionId = Annotated[str, argument("DECISION", "The decision's id, as `list` shows it.", LONGEST_ID)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_told_plainly = told_plainly("drift", RefusedError, FunctionFailedError, PasswordSourceError)


@app.command("list")
@_told_plainly
def list_decisions(
    decide: Annotated[list[Decide] | None, typer.Option("--decide", help="Only these; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was decided about windows with violations, newest first."""
    wanted = [str(each) for each in decide or Decide]
    rows = [row for row in _ask({"ask": "list"}) if row["decide"] in wanted]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        drift_tables.print_list([DriftDecision.model_validate(row) for row in rows])


@app.command(epilog=EXIT_CODES)
@_told_plainly
def show(decision_id: DecisionId, as_json: AsJson = False) -> None:
    """Show one decision: what moved, how far, by which rule, and why it was decided so."""
    _show(_ask({"ask": "show", "decision_id": decision_id}), as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def override(
    decision_id: DecisionId,
    decide: Annotated[Decide, typer.Option("--decide", help="What is to be done instead.")],
    user: Annotated[
        str, option("--user", "Who decides otherwise; asked for without it.", LONGEST_USER, "User", shortest=1)
    ] = "",
    reason: Annotated[
        str, option("--reason", "Why; kept in the ledger. Asked for without it.", LONGEST_REASON, "Why")
    ] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="Read the password from this file, which only you may read.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Override without asking back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Decide otherwise. Needs a role that the plan names; a retraining still waits for its turn and for new data."""
    if password_stdin and not yes:
        raise typer.BadParameter("give --yes too: standard input cannot hold the password and the answer")
    if not yes:
        found = DriftDecision.model_validate(_ask({"ask": "show", "decision_id": decision_id}))
        with beside_json(as_json):
            drift_tables.print_decision(found)
        require_yes(visible(f"Override as {user}: {decide}?"))
    password = read_password(password_file, password_stdin).get_secret_value()
    order: dict[str, Any] = {"ask": "override", "decision_id": decision_id, "decide": str(decide), "reason": reason}
    order |= {"proof": {"kind": "password", "username": user, "password": password}}
    _show(_ask(order), as_json)


def _ask(event: dict[str, Any]) -> Any:
    function = load_parameters().functions.override_drift  # without a stack this says so, and boto3 asks for a region
    return ask(desk_client(), function, event)


def _show(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        drift_tables.print_decision(DriftDecision.model_validate(document))
