"""`vigil approvals`: see what waits for signatures, sign, and verify. Nothing printed here ever holds a task token.

Everything goes through the desk, the one function that may sign; only `verify --from` needs neither desk nor network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from vigil.approvals.bundle import BundleError
from vigil.approvals.desk import Challenge, Desk, SigningAnswer, SigningOrder
from vigil.approvals.errors import ApprovalError
from vigil.approvals.models import (
    LONGEST_COMMENT,
    LONGEST_ID,
    LONGEST_USER,
    Meaning,
    PasswordProof,
    Proof,
    Status,
    TokenProof,
)
from vigil.cli import approval_tables, approval_verification, dossier_tables
from vigil.cli.approval_desk import open_desk, reader
from vigil.cli.asking import argument, option, require_yes
from vigil.cli.errors import told_plainly
from vigil.cli.passwords import PasswordSourceError, read_password, read_token

EXIT_CODES = """
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 unknown request; 4 already decided; 5 expired; 6 withdrawn or superseded;
7 sign-in failed; 8 not entitled to sign; 9 decision incomplete; 10 evidence changed or missing; 11 locked out;
12 revoked; 13 training expired; 14 not on the desk (any more), prepare it again; 15 another person than expected;
16 nothing left to sign; 17 busy, try again; 18 identity provider gave no answer; 19 desk gave no answer;
20 a signature bundle does not verify; 21 its signatures hold, but decide nothing yet; 22 you were asked and did not say
yes: nothing was signed.
"""

app = typer.Typer(no_args_is_help=True, add_completion=False, epilog=EXIT_CODES, pretty_exceptions_enable=False)

REQUEST = argument("REQUEST", "The request's id, as `list` shows it.", LONGEST_ID)
RequestId = Annotated[str, REQUEST]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
User = Annotated[str, option("--user", "Who signs; asked for without it.", LONGEST_USER, "User", shortest=1)]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="Read the password from this file, which only you may read.")
]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Comment = Annotated[str, option("--comment", "Kept and signed with the decision.", LONGEST_COMMENT)]
Why = Annotated[str, option("--comment", "Why; kept and signed. Asked for without it.", LONGEST_COMMENT, "Why")]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without asking back.")]

_told_plainly = told_plainly("approvals", ApprovalError, PasswordSourceError, BundleError)


@app.command("list")
@_told_plainly
def list_requests(
    status: Annotated[list[Status] | None, typer.Option(help="Only these; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """List approval requests, newest first."""
    rows = [row for row in open_desk().requests() if not status or row["status"] in [each.value for each in status]]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        approval_tables.print_list(rows)


@app.command()
@_told_plainly
def show(request_id: RequestId, as_json: AsJson = False) -> None:
    """Show what is to be decided, and the evidence beside the model in service. That you read it is recorded."""
    dossier = open_desk().show(request_id, reader())
    if as_json:
        typer.echo(json.dumps(dossier.model_dump(mode="json"), indent=2))
    else:
        dossier_tables.print_dossier(dossier)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def review(
    request_id: RequestId,
    user: User = "",
    password_file: PasswordFile = None,
    password_stdin: PasswordStdin = False,
    comment: Comment = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sign that you reviewed how the candidate came about."""
    order = SigningOrder(request_id=request_id, meaning=Meaning.REVIEWED, comment=comment)
    _show_and_sign(order, user, password_file, password_stdin, yes, as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def approve(
    request_id: RequestId,
    user: User = "",
    password_file: PasswordFile = None,
    password_stdin: PasswordStdin = False,
    comment: Comment = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sign for a candidate: with the other signatures that the plan asks for, it goes into service."""
    order = SigningOrder(request_id=request_id, meaning=Meaning.APPROVED, comment=comment)
    _show_and_sign(order, user, password_file, password_stdin, yes, as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def reject(
    request_id: RequestId,
    user: User = "",
    comment: Why = "",
    password_file: PasswordFile = None,
    password_stdin: PasswordStdin = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sign against a candidate: its run ends, the endpoint stays as it is."""
    order = SigningOrder(request_id=request_id, meaning=Meaning.REJECTED, comment=comment)
    _show_and_sign(order, user, password_file, password_stdin, yes, as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def prepare(
    request_id: RequestId,
    meaning: Annotated[Meaning, typer.Option("--meaning", help="What the signature is to mean.")],
    comment: Comment = "",
    as_json: AsJson = False,
) -> None:
    """Show the evidence, fix what is to be signed, print its nonce: for signing in at another provider, then `sign`."""
    order = SigningOrder(request_id=request_id, meaning=meaning, comment=comment)
    challenge = _shown(order, open_desk(), None, as_json)
    if as_json:
        typer.echo(json.dumps(challenge.model_dump(mode="json"), indent=2))


@app.command(epilog=EXIT_CODES)
@_told_plainly
def sign(
    challenge_id: Annotated[str, argument("CHALLENGE", "As `prepare` printed it.", LONGEST_ID)],
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="An ID token with the challenge's nonce; only you may read it.")
    ] = None,
    user: Annotated[
        str | None, option("--user", "Who signs, with a password instead of a token.", LONGEST_USER, shortest=1)
    ] = None,
    password_file: PasswordFile = None,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Sign what `prepare` has shown, with an ID token of the stack's provider (or with a password)."""
    if (token_file is None) == (user is None):
        raise typer.BadParameter("give either --token-file, or --user and a password")
    proof: Proof = (
        TokenProof(id_token=read_token(token_file))
        if token_file is not None
        else PasswordProof(username=str(user), password=read_password(password_file, password_stdin))
    )
    _sign(open_desk(), challenge_id, proof, as_json)


@app.command(epilog=EXIT_CODES)
@_told_plainly
def verify(
    request_id: Annotated[str | None, argument("[REQUEST]", "Fetch its signatures.", LONGEST_ID)] = None,
    source: Annotated[Path | None, typer.Option("--from", help="Verify a saved bundle; needs no network.")] = None,
    public_key: Annotated[Path | None, typer.Option("--public-key", help="The key you trust, as PEM.")] = None,
    save: Annotated[Path | None, typer.Option("--save", help="Keep the bundle in this new file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify who signed what, with another library than the one that signed."""
    if (request_id is None) == (source is None):
        raise typer.BadParameter("give either REQUEST or --from FILE")
    if source is not None and public_key is None:
        raise typer.BadParameter("give --public-key too: the key inside a bundle proves nothing by itself")
    if source is not None:
        approval_verification.verify_file(source, public_key, as_json)
    elif request_id is not None:
        approval_verification.verify_request(request_id, public_key, save, as_json)


@app.command("public-key")
@_told_plainly
def print_public_key(as_json: AsJson = False) -> None:
    """Print the key that signatures are verified with, as PEM: keep it where you keep what you trust."""
    approval_verification.print_key(as_json)


def _show_and_sign(
    order: SigningOrder, user: str, password_file: Path | None, password_stdin: bool, yes: bool, as_json: bool
) -> None:
    """Show the evidence and what is signed, ask back, take the password, sign."""
    if password_stdin and not yes:
        raise typer.BadParameter("give --yes too: standard input cannot hold the password and the answer")
    desk = open_desk()
    challenge = _shown(order, desk, user, as_json)
    if not yes:
        _confirm(challenge, user)
    password: SecretStr = read_password(password_file, password_stdin)
    _sign(desk, challenge.challenge_id, PasswordProof(username=user, password=password), as_json)


def _shown(order: SigningOrder, desk: Desk, user: str | None, as_json: bool) -> Challenge:
    """Nobody signs what this command has not shown, whatever standard output is for."""
    with approval_tables.beside_json(as_json):
        dossier_tables.print_dossier(desk.show(order.request_id, reader()))
        challenge = desk.prepare(order.model_copy(update={"expected_signer": user}), reader())
        approval_tables.print_challenge(challenge, user)
    return challenge


def _confirm(challenge: Challenge, user: str) -> None:
    what = "ROLL BACK to model" if challenge.facts.rollback else "model"
    question = f"Sign as {user}: {challenge.meaning.value}, {what} {challenge.facts.artefact_digest}?"
    require_yes(str(approval_tables.plain(question)))


def _sign(desk: Desk, challenge_id: str, proof: Proof, as_json: bool) -> None:
    """A session of continuous signing, where the plan has one, is not kept: here both are asked for each time."""
    result = desk.sign(SigningAnswer(challenge_id=challenge_id, proof=proof))
    if as_json:
        shown = result.model_dump(mode="json", exclude={"session", "session_expires_at"})
        typer.echo(json.dumps(shown, indent=2))
    else:
        approval_tables.print_result(result)
