"""Telling people of requests that wait for them, reminding them, and calling in deputies, as each pinned plan says.

A reminder is marked in the request's row, in one transaction with its ledger record, before it is sent: two sweeps at
once, a clock that jumps or a sweep that was late for several reminders send none twice. What cannot be sent then is
told on the notifications topic and not sent again. What a function that ends between mark and mail had still to send
is never sent: the ledger names people whom nothing reached, and only the next reminder or the escalation reaches them.

The first mail and notice, of the opening, count as the reminder that is due the whole window before the end: of what
waits no more when the sweep comes, decided by carried signatures or superseded, nobody is told. Moments that lie
before the opening do not come: a stack that asks for a decision sooner than the plan does not begin with an escalation.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from vigil.approvals.evidence import pinned_plan
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.people import People, Person
from vigil.approvals.ports import ApprovalStore, Evidence
from vigil.approvals.quorum import missing_seats
from vigil.approvals.reminder_text import MailText, Occasion, mail_text, one_line, subject_of, where
from vigil.approvals.training import training_ends
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain
from vigil.change_control.models import ApprovalRules, Seat
from vigil.moments import Clock, timestamp

logger = logging.getLogger(__name__)

ACTOR = Actor(name="remind_approvers", via="function of this stack", verified=True)

SWEEP_BYTES = 8


class Mail(Protocol):
    def send(self, address: str, text: MailText) -> bool:
        """False, and a line in the log, where it could not be sent."""


class Notices(Protocol):
    def publish(self, subject: str, facts: Mapping[str, object]) -> bool: ...


@dataclass(frozen=True)
class ReminderPorts:
    """``mail``: None where the stack sends none. ``airflow_url``: of the page, None where mail holds no link."""

    store: ApprovalStore
    evidence: Evidence
    people: People
    mail: Mail | None
    notices: Notices
    clock: Clock
    airflow_url: str | None


@dataclass(frozen=True)
class Recipient:
    person: Person
    roles: tuple[str, ...]


def remind_all(ports: ReminderPorts) -> dict[str, str]:
    """One sweep: what was done, by request id. A request that fails does not stop the others; the next sweep tries."""
    done = {}
    for listed in ports.store.with_status(Status.PENDING):
        try:
            steps = _look_after(listed.request_id, ports)
        except Exception as error:
            logger.exception("reminding of approval request %s failed", listed.request_id)
            steps = [f"failed: {type(error).__name__}"]
        if steps:
            done[listed.request_id] = ", ".join(steps)
    return done


def due_reminders(request: ApprovalRequest, rules: ApprovalRules, now: datetime) -> list[int]:
    """Seconds before the end of the reminders that are due and were not sent, the latest first."""
    window = _window(request)
    moments = {window, *(seconds for seconds in rules.remind_before_seconds if seconds < window)}
    return sorted(
        seconds for seconds in moments - set(request.reminded) if request.expires_at - timedelta(seconds=seconds) <= now
    )


def is_escalation_due(request: ApprovalRequest, rules: ApprovalRules, now: datetime) -> bool:
    before = rules.escalate_before_seconds
    deputies = [seat.deputy for seat in _open_seats(request, rules) if seat.deputy]
    if request.escalated_at is not None or not deputies or before >= _window(request):
        return False
    return now >= request.expires_at - timedelta(seconds=before)


def recipients(request: ApprovalRequest, rules: ApprovalRules, people: People) -> list[Recipient]:
    """Who may still sign: holders of the open seats' roles, deputies once it was escalated, nobody who has signed."""
    seats = _open_seats(request, rules)
    roles = [seat.role for seat in seats]
    if request.escalated_at is not None:
        roles += [seat.deputy for seat in seats if seat.deputy]
    signed = {each.signer.lower() for each in request.signatures} | {each.subject for each in request.signatures}
    found = []
    for person in people.all():
        held = tuple(role for role in roles if role in person.roles)
        has_signed = person.username.lower() in signed or (person.subject is not None and person.subject in signed)
        if held and person.revoked_at is None and not has_signed:
            found.append(Recipient(person, held))
    return found


def _look_after(request_id: str, ports: ReminderPorts) -> list[str]:
    request, steps = ports.store.get(request_id), []
    if request is None or request.status is not Status.PENDING or ports.clock() >= request.expires_at:
        return []
    rules = pinned_plan(request.facts, ports.evidence).protocol.approval
    if is_escalation_due(request, rules, ports.clock()):
        escalated = request.changed(escalated_at=ports.clock())
        request, step = _tell(request, escalated, Occasion.ESCALATED, [], rules, ports)
        steps += step
    due = due_reminders(request, rules, ports.clock())
    if due:
        occasion = Occasion.OPENED if due[0] == _window(request) else Occasion.REMINDER
        reminded = request.changed(reminded=sorted({*request.reminded, *due}, reverse=True))
        request, step = _tell(request, reminded, occasion, due, rules, ports)
        steps += step
    return steps


def _tell(
    before: ApprovalRequest,
    after: ApprovalRequest,
    occasion: Occasion,
    due: Sequence[int],
    rules: ApprovalRules,
    ports: ReminderPorts,
) -> tuple[ApprovalRequest, list[str]]:
    """Mark, record, then send. Where somebody else was faster, nothing is sent. Gives the row as it is known now."""
    told = recipients(after, rules, ports.people)
    if not ports.store.replace(before, after, _entry(after, occasion, due, told, rules)):
        return before, []
    refused = [each.person.username for each in told if not _mail(each, after, occasion, rules, ports)]
    ports.notices.publish(subject_of(occasion, after), _facts(after, occasion, rules, refused, ports))
    return after, [occasion.value if not refused else f"{occasion.value}, no mail to {len(refused)}"]


def _mail(
    recipient: Recipient, request: ApprovalRequest, occasion: Occasion, rules: ApprovalRules, ports: ReminderPorts
) -> bool:
    """True where nothing was to be sent."""
    address = recipient.person.email
    if ports.mail is None or address is None:
        return True
    ends = [training_ends(recipient.person, role, rules) for role in recipient.roles]
    latest = max((each for each in ends if each is not None), default=None)
    ended = latest if latest is not None and latest <= ports.clock() else None
    seats = _open_seats(request, rules)
    return ports.mail.send(address, mail_text(occasion, request, seats, recipient.roles, ports.airflow_url, ended))


def _entry(
    request: ApprovalRequest, occasion: Occasion, due: Sequence[int], told: Sequence[Recipient], rules: ApprovalRules
) -> Entry:
    escalated = occasion is Occasion.ESCALATED
    event = EventName.REQUEST_ESCALATED if escalated else EventName.REQUEST_REMINDED
    details: dict[str, object] = {
        "occasion": occasion.value,
        "open_seats": [{"role": seat.role, "meaning": seat.meaning} for seat in _open_seats(request, rules)],
        "to": [each.person.username for each in told],
        # Of two sweeps at once each has an entry of its own: who finds another's in the ledger sends nothing.
        "sweep": secrets.token_hex(SWEEP_BYTES),
    }
    if due:
        details["seconds_before_expiry"] = list(due)
    return Entry(
        chain=model_chain(request.run_key),
        event=event,
        key=f"{event}#{request.request_id}" if escalated else f"{event}#{request.request_id}#{due[0]}",
        actor=ACTOR,
        subject=request.request_id,
        new={"escalated_at": timestamp(request.escalated_at)} if escalated and request.escalated_at else None,
        details=details,
    )


def _facts(
    request: ApprovalRequest, occasion: Occasion, rules: ApprovalRules, refused: Sequence[str], ports: ReminderPorts
) -> dict[str, object]:
    return {
        "event": f"approval-{occasion.value}",
        "kind": request.facts.kind,
        "request_id": request.request_id,
        "requested_by": one_line(request.facts.requested_by),
        "verdict": one_line(request.facts.verdict.summary),
        "expires_at": timestamp(request.expires_at),
        "open_seats": [f"{seat.meaning}, by {seat.role}" for seat in _open_seats(request, rules)],
        "where": where(request.request_id, ports.airflow_url),
        **({"mail_not_sent_to": list(refused)} if refused else {}),
    }


def _open_seats(request: ApprovalRequest, rules: ApprovalRules) -> list[Seat]:
    return missing_seats(rules, request.signatures)


def _window(request: ApprovalRequest) -> int:
    return int((request.expires_at - request.entered_at).total_seconds())
