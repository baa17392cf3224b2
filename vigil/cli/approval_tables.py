"""How approvals look in a terminal: requests, what is signed, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from vigil.approvals.decide import DecisionOrder
from vigil.approvals.errors import ApprovalError
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.models import ApprovalRequest
from vigil.approvals.ports import Evidence
from vigil.change_control.gate import PROFILE_CRITERION
from vigil.cli.evaluation_tables import print_evaluation
from vigil.models.models import Evaluation
from vigil.moments import Moment

STYLES = {"PENDING": "yellow", "APPROVED": "green", "REJECTED": "red"}

STRICTEST = "full"  # the profile of whole quarters

console = Console(highlight=False)


def print_list(requests: Sequence[ApprovalRequest]) -> None:
    if not requests:
        console.print("No approval requests.")
        return
    table = Table(
        Column("request", no_wrap=True), Column("status", min_width=8), Column("opened", no_wrap=True),
        Column("expires", no_wrap=True), Column("asked by", overflow="fold"), box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for request in requests:
        table.add_row(
            request.request_id,
            Text(request.status.replace("_", " "), style=STYLES.get(request.status, "dim")),
            f"{request.created_at:%Y-%m-%d}",
            f"{request.expires_at:%Y-%m-%d}",
            Text(request.facts.requested_by),
        )
    console.print(table)


def print_request(request: ApprovalRequest) -> None:
    """Everything that a signature on this request covers, in full: nothing is signed unseen."""
    table = Table(title=f"Request {request.request_id}", show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("status", Text(request.status, style=STYLES.get(request.status, "dim")))
    table.add_row("data profile", Text(_profile(request), style="bold"))
    table.add_row("opened, expires", f"{_when(request.created_at)}, {_when(request.expires_at)}")
    table.add_row("run", f"{request.execution_arn} ({request.state_name}, attempt {request.attempt})")
    for name, value in request.facts.model_dump(mode="json", exclude={"verdict"}).items():
        table.add_row(name.replace("_", " "), Text(str(value)))
    table.add_row("gate", request.facts.verdict.outcome)
    if request.note:
        table.add_row("note", Text(request.note))
    console.print(table)
    _print_criteria(request)
    if request.decision is not None:
        print_decision(request)


def load_evaluation(request: ApprovalRequest, evidence: Evidence) -> tuple[Evaluation | None, str | None]:
    """The evaluation, if it is the one that the request names; else what is wrong with it."""
    try:
        plan = pinned_plan(request.facts, evidence)
        return check_evidence(request.facts, plan, evidence), None
    except ApprovalError as error:
        return None, str(error)


def print_evidence(evaluation: Evaluation | None, problem: str | None) -> None:
    if problem is not None:
        console.print(Text(f"The evidence does not hold: {problem}", style="bold red"))
    if evaluation is None:
        return
    print_evaluation(console, evaluation)


def print_order(order: DecisionOrder, meaning: str, user: str) -> None:
    table = Table(title="To be signed", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in (
        ("decision", order.decision.value),
        ("meaning", meaning),
        ("comment", order.comment or "(none)"),
        ("signer", user),
    ):
        table.add_row(name, Text(value))
    console.print(table)


def print_decision(request: ApprovalRequest) -> None:
    """Printed name, time and meaning, as every readable form of a signed record must show (21 CFR 11.50(b))."""
    decision = request.decision
    if decision is None:
        return
    table = Table(title="Signed", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in (
        ("decision", decision.decision.value),
        ("by", f"{decision.printed_name} ({decision.signer}), {decision.role}"),
        ("at", _when(decision.decided_at)),
        ("meaning", decision.meaning),
        ("comment", decision.comment or "(none)"),
        ("statement", decision.statement_digest),
    ):
        table.add_row(name, Text(value))
    console.print(table)


def _print_criteria(request: ApprovalRequest) -> None:
    table = Table("criterion of the plan", "measured", "limit", "")
    for criterion in request.facts.verdict.criteria:
        verdict = Text("pass", style="green") if criterion.passed else Text("FAIL", style="bold red")
        table.add_row(criterion.name, Text(criterion.measured), Text(criterion.limit), verdict)
    console.print(table)


def _profile(request: ApprovalRequest) -> str:
    """The kind of data, which decides what limits were asked of the candidate."""
    named = (found.measured for found in request.facts.verdict.criteria if found.name == PROFILE_CRITERION)
    profile = next(named, "unknown")
    return profile if profile == STRICTEST else f"{profile} (not whole quarters: laxer limits than {STRICTEST})"


def _when(moment: Moment) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
