"""`vigil people`: who may sign, in which role, trained when. An administrator sets and learns no password."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from vigil.approvals.administration_orders import LONGEST_REVOCATION
from vigil.aws.environment import StackParameters, aws_client, load_parameters
from vigil.aws.people_desk import FunctionFailedError, RefusedError, ask
from vigil.cli import people_tables
from vigil.cli.asking import option
from vigil.cli.errors import told_plainly
from vigil.cli.passwords import PasswordSourceError, read_password

EXIT_CODES = """
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 unknown person; 4 user name taken; 5 not possible; 7 sign-in failed;
11 locked out; 12 revoked; 19 the user pool gave no answer.
"""

app = typer.Typer(no_args_is_help=True, add_completion=False, epilog=EXIT_CODES, pretty_exceptions_enable=False)

User = Annotated[str, typer.Argument(metavar="USER", help="User name; capitals do not matter.")]
Role = Annotated[str, typer.Option("--role", help="A role that change_control/plan.yaml lets sign.")]
On = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Day of the training; today if absent.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_told_plainly = told_plainly("people", RefusedError, FunctionFailedError, PasswordSourceError)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def add(
    user: User,
    printed_name: Annotated[str, typer.Option(help="The name that a signature shows.")],
    role: Annotated[list[str], typer.Option("--role", help="A role of the plan; may be repeated.")],
    email: Annotated[str | None, typer.Option(help="Their own address. A temporary password is mailed to it.")] = None,
    on: On = None,
    issuer: Annotated[str | None, typer.Option(help="They sign with another OpenID provider: its issuer.")] = None,
    subject: Annotated[str | None, typer.Option(help="The subject (sub) of their account there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a person. A user name that is or was somebody's is never given again."""
    order = {"operation": "add", "username": user, "printed_name": printed_name, "email": email, "roles": role}
    order |= {"trained_at": _day(on), "issuer": issuer, "subject": subject}
    _show(_administer(order), as_json)


@app.command("list")
@_told_plainly
def list_people(as_json: AsJson = False) -> None:
    """List everybody who may or might sign."""
    found = _administer({"operation": "list"})
    typer.echo(json.dumps(found, indent=2)) if as_json else people_tables.print_list(found)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def show(user: User, as_json: AsJson = False) -> None:
    """Show one person."""
    for person in _administer({"operation": "list"}):
        if person["username"] == user.strip().lower():
            return _show(person, as_json)
    typer.echo(f"vigil people: there is no person {user}: see `vigil people list`", err=True)
    raise typer.Exit(3)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def train(user: User, role: Role, on: On = None, as_json: AsJson = False) -> None:
    """Record that a person was trained for a role, and give them the role."""
    _show(_administer({"operation": "train", "username": user, "role": role, "trained_at": _day(on)}), as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def revoke(
    user: User,
    reason: Annotated[
        str, option("--reason", "Why; kept in the ledger. Asked for without it.", LONGEST_REVOCATION, "Why", shortest=1)
    ] = "",
    role: Annotated[str | None, typer.Option("--role", help="Take only this role away.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take away the right to sign, at once and for good; or only one role."""
    _show(_administer({"operation": "revoke", "username": user, "role": role, "reason": reason}), as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def unlock(user: User, as_json: AsJson = False) -> None:
    """Open an account that wrong passwords have locked."""
    _show(_administer({"operation": "unlock", "username": user}), as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def reset(user: User, as_json: AsJson = False) -> None:
    """Have a temporary password mailed to a person who forgot theirs. Nobody else sees it."""
    _show(_administer({"operation": "reset", "username": user}), as_json)


@app.command("sign-out", epilog=EXIT_CODES)
@_told_plainly
def sign_out(user: User, as_json: AsJson = False) -> None:
    """End a person's period of continuous signing."""
    _show(_administer({"operation": "sign-out", "username": user}), as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def password(
    user: User,
    current_file: Annotated[Path | None, typer.Option(help="Read the current or temporary password here.")] = None,
    new_file: Annotated[Path | None, typer.Option(help="Read the new password from this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Choose your own password. The only command here that is for everybody, not for administrators."""
    current = read_password(current_file, from_stdin=False, prompt="Current or temporary password: ")
    new = read_password(new_file, from_stdin=False, prompt="New password: ")
    if new_file is None and read_password(None, from_stdin=False, prompt="New password again: ") != new:
        raise PasswordSourceError("the two new passwords differ: nothing was changed")
    parameters = load_parameters()
    order = {"username": user, "by": _caller(), "current": current.get_secret_value(), "new": new.get_secret_value()}
    _show(ask(aws_client("lambda"), parameters.functions.choose_password, order), as_json)


def _administer(order: Mapping[str, Any]) -> Any:
    parameters: StackParameters = load_parameters()
    event = dict(order) | {"by": _caller()}
    return ask(aws_client("lambda"), parameters.functions.manage_people, event)


def _caller() -> str:
    """Who runs this command. The function is not told, so the ledger keeps it as what the command says."""
    return str(aws_client("sts").get_caller_identity()["Arn"])


def _day(on: datetime | None) -> str | None:
    return None if on is None else on.replace(tzinfo=UTC).isoformat()


def _show(person: dict[str, Any], as_json: bool) -> None:
    typer.echo(json.dumps(person, indent=2)) if as_json else people_tables.print_person(person)
