"""What people read about a request in mail: facts and where to look, in plain text. Never the token, no way to decide.

What others wrote (names, verdicts) stands on one line each, without control characters: nobody can write lines of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vigil.approvals.models import ApprovalRequest
from vigil.approvals.redaction import redact_text
from vigil.change_control.models import Seat

LONGEST_VALUE = 400  # characters
PAGE = "/plugin/approvals/"


class Occasion(StrEnum):
    """Why people hear of a request."""

    OPENED = "opened"
    REMINDER = "reminder"
    ESCALATED = "escalated"


SUBJECTS = {
    Occasion.OPENED: "Vigil: {id} waits for signatures",
    Occasion.REMINDER: "Vigil: reminder, {id} still waits for signatures",
    Occasion.ESCALATED: "Vigil: {id} was escalated, deputies may sign",
}
OPENINGS = {
    Occasion.OPENED: "A candidate model waits for signatures before it may serve.",
    Occasion.REMINDER: "A candidate model still waits for signatures. Without them the request expires.",
    Occasion.ESCALATED: "A candidate model still waits for signatures. Deputies may sign from now on.",
}


@dataclass(frozen=True)
class MailText:
    subject: str
    body: str


def subject_of(occasion: Occasion, request: ApprovalRequest) -> str:
    return one_line(SUBJECTS[occasion].format(id=request.request_id))


def mail_text(
    occasion: Occasion,
    request: ApprovalRequest,
    seats: Sequence[Seat],
    roles: Sequence[str],
    airflow_url: str | None,
    training_ended: datetime | None = None,
) -> MailText:
    """For one person, who may sign in ``roles``. ``training_ended``: since when their training no longer counts."""
    rollback = request.facts.rollback
    facts = {
        "Request": request.request_id,
        **({"Roll-back in place of": rollback.replaces_package, "Because": rollback.reason} if rollback else {}),
        "Open until": f"{request.expires_at:%Y-%m-%d %H:%M} UTC",
        "Asked for by": request.facts.requested_by,
        "Plan changed by": request.facts.plan_changed_by,
        "Verdict of the gate": request.facts.verdict.summary,
        "Model package": request.facts.model_package_arn,
        "Artefact digest": request.facts.artefact_digest,
        "Dataset version": request.facts.dataset_version,
        "Signatures missing": "; ".join(f"{seat.meaning}, by {seat.role}" for seat in seats),
        "You may sign as": ", ".join(roles),
    }
    opening = OPENINGS[occasion]
    if rollback is not None:
        opening = opening.replace("A candidate model", "A roll-back to a model that served before")
    lines = [opening, "", *(f"{name + ':':<23}{one_line(value)}" for name, value in facts.items()), ""]
    if training_ended is not None:
        lines += [f"Your training counted until {training_ended:%Y-%m-%d}: repeat it before you sign.", ""]
    lines += [where(request.request_id, airflow_url), "", "An answer to this mail decides nothing."]
    return MailText(subject_of(occasion, request), "\n".join(lines) + "\n")


def where(request_id: str, airflow_url: str | None) -> str:
    if airflow_url is None:
        return f"Look at the evidence and sign: vigil approvals show {one_line(request_id)}"
    return f"Look at the evidence and sign: {airflow_url.rstrip('/')}{PAGE}{one_line(request_id)}"


def one_line(text: str) -> str:
    """``text`` without secrets, control characters and line breaks, and not too long."""
    flat = "".join(each if each.isprintable() else " " for each in redact_text(text))
    words = " ".join(flat.split())
    return words if len(words) <= LONGEST_VALUE else words[: LONGEST_VALUE - 1] + "…"
