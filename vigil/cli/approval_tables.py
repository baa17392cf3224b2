"""How approvals look in a terminal: requests, what is signed, signatures. What others wrote is shown harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from pydantic import TypeAdapter
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from vigil.approvals.bundle_check import Verified
from vigil.approvals.desk import Challenge, SigningResult
from vigil.approvals.models import ApprovalRequest, Facts, Rollback, SignatureFacts
from vigil.approvals.public_request import read_public
from vigil.change_control.gate import PROFILE_CRITERION
from vigil.change_control.models import Seat
from vigil.cli.terminal_text import visible, visible_lines
from vigil.moments import Moment

STYLES = {"PENDING": "yellow", "APPROVED": "green", "REJECTED": "red"}

STRICTEST = "full"  # the profile of whole quarters

console = Console(highlight=False)


@contextmanager
def beside_json(as_json: bool) -> Iterator[None]:
    """Where standard output is for a program, what a person reads goes to standard error."""
    console.stderr = as_json
    try:
        yield
    finally:
        console.stderr = False


def print_list(rows: Sequence[Mapping[str, object]]) -> None:
    """Rows as the desk gives them."""
    if not rows:
        console.print("No approval requests.")
        return
    # What is long takes lines instead of room: a terminal of 80 cells shows all.
    table = Table(
        Column("request\nasked by", overflow="fold", min_width=28), Column("status", min_width=8, max_width=11),
        Column("opened\nexpires", no_wrap=True), Column("signed by ✓\nwaits for …", overflow="fold", min_width=19),
        box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for row in rows:
        request = read_public(row)
        table.add_row(
            Text("\n").join([plain(request.request_id), _asked(request)]),
            Text(request.status.replace("_", " "), style=STYLES.get(request.status, "dim")),
            f"{request.created_at:%Y-%m-%d}\n{request.expires_at:%Y-%m-%d}",
            _signatures_and_seats(row, request),
        )
    console.print(table)


def _asked(request: ApprovalRequest) -> Text:
    asked = plain(request.facts.requested_by)
    return Text("roll-back, ", style="bold") + asked if request.facts.rollback else asked


def _signatures_and_seats(row: Mapping[str, object], request: ApprovalRequest) -> Text:
    lines = [f"✓ {each.printed_name}" for each in request.signatures] or ["nobody yet"]
    lines += [f"… {seat.role}" for seat in _open_seats(row)]
    return Text("\n").join(plain(line) for line in lines)


def _open_seats(row: Mapping[str, object]) -> list[Seat]:
    return TypeAdapter(list[Seat]).validate_python(row.get("open_seats") or [])


def print_request(request: ApprovalRequest) -> None:
    """Everything that a signature on this request covers, in full: nothing is signed unseen."""
    rows = [
        ("status", Text(request.status, style=STYLES.get(request.status, "dim"))),
        ("data profile", Text(_profile(request), style="bold")),
        ("opened, expires", plain(f"{when(request.created_at)}, {when(request.expires_at)}")),
        ("run", plain(f"{request.execution_arn} ({request.state_name}, attempt {request.attempt})")),
    ]
    rows = [*rollback_rows(request.facts), *rows]
    rows += _fact_rows(request.facts)
    if request.carried_from:
        rows.append(("signatures of", plain(f"{request.carried_from}: the same wait, before it was redriven")))
    if request.note:
        rows.append(("note", plain(request.note)))
    console.print(pairs(f"Request {request.request_id}", rows))
    _print_criteria(request.facts)


def _fact_rows(facts: Facts) -> list[tuple[str, Text]]:
    """Every field of the facts, whichever there are: each is signed. A roll-back's are ``rollback_rows``."""
    shown = facts.model_dump(mode="json", exclude={"verdict", "rollback"})
    rows = [(name.replace("_", " "), plain(str(value))) for name, value in shown.items()]
    return [*rows, ("gate", plain(facts.verdict.outcome))]


def rollback_rows(facts: Facts) -> list[tuple[str, Text]]:
    """That it is a roll-back, of what to what, why, and who asked: first of all that a signer reads."""
    rollback = facts.rollback
    if rollback is None:
        return []
    return [
        ("ROLL-BACK", Text("a model that served before is to serve again", style="bold yellow")),
        ("comes back", plain(facts.model_package_arn)),
        ("in place of", plain(f"{rollback.replaces_package} (artefact {rollback.replaces_artefact})")),
        ("of run", plain(rollback.replaces_run_key)),
        ("because", plain_lines(rollback.reason)),
        ("asked for by", plain(_asker(facts.requested_by, rollback))),
    ]


def _asker(name: str, rollback: Rollback) -> str:
    if rollback.asked_subject is None:  # asked for before askers had to prove who they are
        return f"{name}, as {rollback.asked_via} says"
    return f"{name}, who proved it by password (account {rollback.asked_subject} of {rollback.asked_via})"


def print_challenge(challenge: Challenge, user: str | None = None) -> None:
    """What is about to be signed, in full, and what binds the proof of who signs to it."""
    waiting = "; ".join(f"{seat.meaning} by {seat.role}" for seat in challenge.open_seats) or "none"
    rows = [
        ("request", plain(challenge.request_id)),
        ("meaning", Text(challenge.meaning.value, style="bold")),
        ("comment", plain_lines(challenge.comment or "(none)")),
        *_fact_rows(challenge.facts),
        *_wait_rows(challenge),
        ("waiting for", plain(waiting)),
        ("challenge", plain(challenge.challenge_id)),
        ("nonce", plain(challenge.nonce)),
        ("good until", plain(when(challenge.expires_at))),
    ]
    rows = [*rollback_rows(challenge.facts), *rows]
    console.print(pairs("To be signed", [*_signer_rows(challenge, user), *rows]))
    _print_criteria(challenge.facts)


def _signer_rows(challenge: Challenge, user: str | None) -> list[tuple[str, Text]]:
    """As whom the signature would be: the printed name is part of what is signed (21 CFR 11.50(a)(1))."""
    signer = challenge.signer
    if signer is None:
        return [] if user is None else [("signer", plain(user))]
    role = signer.role + (f", as {signer.deputy_role}" if signer.deputy_role else "")
    return [("signer", plain(f"{signer.printed_name} ({signer.signer})")), ("role", plain(role))]


def _wait_rows(challenge: Challenge) -> list[tuple[str, Text]]:
    wait = challenge.wait
    return [
        ("run that waits", plain(f"{wait.execution_arn}, state {wait.state_name}, attempt {wait.attempt}")),
        ("to be signed until", plain(when(wait.expires_at))),
    ]


def print_signatures(signatures: Iterable[SignatureFacts], verified: Sequence[bool]) -> None:
    """Printed name, time and meaning, as every readable form of a signed record must show (21 CFR 11.50(b))."""
    for signature, holds in zip(signatures, verified, strict=True):
        rows = [
            ("by", plain(f"{signature.printed_name} ({signature.signer})")),
            ("role", plain(signature.role + (f", as {signature.deputy_role}" if signature.deputy_role else ""))),
            ("at", plain(when(signature.signed_at))),
            ("meaning", Text(signature.meaning.value, style="bold")),
            ("comment", plain_lines(signature.comment or "(none)")),
            ("signed in at", plain(f"{signature.issuer}, {when(signature.authenticated_at)}")),
            ("signature", Text("verifies", style="green") if holds else Text("DOES NOT VERIFY", style="bold red")),
        ]
        console.print(pairs("Signed", rows))


def print_result(result: SigningResult) -> None:
    request = read_public(result.request)
    print_signatures(request.signatures[-1:], [True])
    console.print(Text(f"Signed as {visible(result.signed_as)}; the request is {request.status}.", style="bold"))
    for seat in result.missing:
        console.print(plain(f"Still needed: {seat.meaning} by {seat.role}."))


def print_verified(found: Verified) -> None:
    rows = [
        ("model", plain(found.facts.model_package_arn)),
        ("artefact digest", plain(found.facts.artefact_digest)),
        ("evaluation digest", plain(found.facts.evaluation_digest)),
        ("dataset version", plain(found.facts.dataset_version)),
        ("plan", plain(f"version {found.plan.version}, {found.facts.plan_digest}")),
        ("public key", plain(f"SHA-256 {found.fingerprint}")),
        *(("statement", plain(digest)) for digest in found.digests),
    ]
    console.print(pairs(f"Request {found.request_id}: {found.outcome}", [*rollback_rows(found.facts), *rows]))
    print_signatures(found.signatures, [True] * len(found.signatures))
    count = len(found.signatures)
    console.print(Text(f"Verified: {count} signature(s), and by the plan they decide: {found.outcome}.", style="green"))


def pairs(title: str, rows: Iterable[tuple[str, Text]]) -> Table:
    table = Table(title=plain(title), show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


def plain(text: str) -> Text:
    """What somebody wrote, without markup and without anything that a terminal acts on."""
    return Text(visible(text))


def plain_lines(text: str) -> Text:
    return Text(visible_lines(text))


def when(moment: Moment) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _print_criteria(facts: Facts) -> None:
    table = Table("criterion of the plan", "measured", "limit", "")
    for criterion in facts.verdict.criteria:
        verdict = Text("pass", style="green") if criterion.passed else Text("FAIL", style="bold red")
        table.add_row(plain(criterion.name), plain(criterion.measured), plain(criterion.limit), verdict)
    console.print(table)


def _profile(request: ApprovalRequest) -> str:
    """The kind of data, which decides what limits were asked of the candidate."""
    named = (found.measured for found in request.facts.verdict.criteria if found.name == PROFILE_CRITERION)
    profile = visible(next(named, "unknown"))
    return profile if profile == STRICTEST else f"{profile} (not whole quarters: laxer limits than {STRICTEST})"
