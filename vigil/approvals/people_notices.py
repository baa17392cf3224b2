"""Who is told when somebody's right to sign changes: the person, and those who watch the stack's topic.

An administrator alone can give rights, so others hear of each such act at once; the ledger keeps it (21 CFR 11.10(e)).
"""

from __future__ import annotations

from typing import Protocol

from vigil.approvals.people import Person
from vigil.approvals.reminder_text import MailText, one_line
from vigil.audit.models import Entry

SUBJECT = "Vigil: the right of {username} to sign was changed"


class PeopleNotices(Protocol):
    """Never raises: what was changed stays changed, and is in the ledger."""

    def tell(self, address: str | None, text: MailText, facts: dict[str, object]) -> None:
        """To the stack's topic, and by mail where there is an address and the stack sends mail."""


def tell(person: Person, entry: Entry, notices: PeopleNotices) -> None:
    facts: dict[str, object] = {
        "event": entry.event.value,
        "username": person.username,
        "roles": sorted(person.roles),
        "by": entry.actor.name,
        **entry.details,
    }
    roles = ", ".join(sorted(person.roles)) or "none"
    what = str(entry.details.get("what") or entry.details.get("reason") or "added")
    lines = [
        f"What: {entry.event.value}, {what}",
        f"User name: {person.username}",
        f"Roles: {roles}",
        f"By: {entry.actor.name}",
        "",
        "If you did not expect this, tell the quality unit: signatures under your name are yours.",
    ]
    text = MailText(one_line(SUBJECT.format(username=person.username)), "\n".join(one_line(each) for each in lines))
    notices.tell(person.email, text, facts)
