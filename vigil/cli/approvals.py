"""`vigil approvals`: see what waits for a decision, and decide. Nothing printed here ever holds a task token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vigil.approvals.decide import MEANINGS, DecisionOrder, decide, find_request
from vigil.approvals.errors import ApprovalError
from vigil.approvals.models import Decision, PasswordProof, Status
from vigil.approvals.ports import DecidingPorts
from vigil.aws.approval_ports import deciding_ports
from vigil.aws.environment import load_parameters
from vigil.cli import approval_tables
from vigil.cli.errors import told_plainly
from vigil.cli.passwords import PasswordSourceError, read_password

EXIT_CODES = """
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 unknown request; 4 already decided; 5 expired; 6 withdrawn or superseded;
7 sign-in failed; 8 not entitled to sign; 9 decision incomplete; 10 evidence changed or missing.
"""

app = typer.Typer(no_args_is_help=True, add_completion=False, epilog=EXIT_CODES, pretty_exceptions_enable=False)

RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id, as `list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
User = Annotated[str, typer.Option("--user", help="Who signs.", prompt="User")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="Read the password from this file, which only you may read.")
]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Meaning = Annotated[str, typer.Option("--meaning", help="What the signature means, where it is not the usual.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without asking back.")]

_told_plainly = told_plainly("approvals", ApprovalError, PasswordSourceError)


@app.command("list")
@_told_plainly
def list_requests(
    status: Annotated[list[Status] | None, typer.Option(help="Only these; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """List approval requests, newest first."""
    store = _ports().store
    found = [request for wanted in (status or list(Status)) for request in store.with_status(wanted)]
    found.sort(key=lambda request: request.created_at, reverse=True)
    if as_json:
        typer.echo(json.dumps([request.public() for request in found], indent=2))
    else:
        approval_tables.print_list(found)


@app.command()
@_told_plainly
def show(request_id: RequestId, as_json: AsJson = False) -> None:
    """Show what is to be decided: digests, the gate's criteria, the evaluation beside the baseline."""
    ports = _ports()
    request = find_request(request_id, ports.store)
    evaluation, problem = approval_tables.load_evaluation(request, ports.evidence)
    if as_json:
        shown = request.public() | {"evaluation": evaluation.model_dump(mode="json") if evaluation else None}
        typer.echo(json.dumps(shown | ({"evidence_problem": problem} if problem else {}), indent=2))
    else:
        approval_tables.print_request(request)
        approval_tables.print_evidence(evaluation, problem)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def approve(
    request_id: RequestId,
    user: User,
    password_file: PasswordFile = None,
    password_stdin: PasswordStdin = False,
    comment: Annotated[str, typer.Option("--comment", help="Kept and signed with the decision.")] = "",
    meaning: Meaning = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sign for a candidate: it goes into service."""
    order = DecisionOrder(request_id, Decision.APPROVED, comment, meaning)
    _decide(order, user, password_file, password_stdin, yes, as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def reject(
    request_id: RequestId,
    user: User,
    comment: Annotated[str, typer.Option("--comment", help="Why; kept and signed.", prompt="Why")],
    password_file: PasswordFile = None,
    password_stdin: PasswordStdin = False,
    meaning: Meaning = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sign against a candidate: its run ends, the endpoint stays as it is."""
    order = DecisionOrder(request_id, Decision.REJECTED, comment, meaning)
    _decide(order, user, password_file, password_stdin, yes, as_json)


def _decide(
    order: DecisionOrder, user: str, password_file: Path | None, password_stdin: bool, yes: bool, as_json: bool
) -> None:
    """Show what is signed, ask back, take the password, decide."""
    if password_stdin and not yes:
        raise typer.BadParameter("give --yes too: standard input cannot hold the password and the answer")
    ports = _ports()
    request = find_request(order.request_id, ports.store)
    meaning = order.meaning or MEANINGS[order.decision]
    if not as_json:
        approval_tables.print_request(request)
        approval_tables.print_evidence(*approval_tables.load_evaluation(request, ports.evidence))
        approval_tables.print_order(order, meaning, user)
    if not yes:
        typer.confirm(f"Sign as {user}: {meaning}?", abort=True, err=True)
    proof = PasswordProof(username=user, password=read_password(password_file, password_stdin))
    decided = decide(order, proof, ports)
    if as_json:
        typer.echo(json.dumps(decided.public(), indent=2))
    else:
        approval_tables.print_decision(decided)


def _ports() -> DecidingPorts:
    return deciding_ports(load_parameters())
