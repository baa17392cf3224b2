"""How `vigil people` shows people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

DAY_CHARACTERS = 10  # of 2026-05-04T09:00:00.000000Z


def print_list(people: Sequence[dict[str, Any]]) -> None:
    if not people:
        print("nobody may sign yet: see `vigil people add --help`")
        return
    table = Table(box=None)
    for heading in ("USER", "PRINTED NAME", "ROLES (TRAINED)", "STATE"):
        table.add_column(heading)
    for person in people:
        cells = (person["username"], person["printed_name"], _roles(person), state(person, datetime.now(UTC)))
        table.add_row(*(escape(cell) for cell in cells))
    Console().print(table)


def print_person(person: dict[str, Any]) -> None:
    lines = {
        "user": person["username"],
        "printed name": person["printed_name"],
        "mail": person["email"] or "none",
        "roles (trained)": _roles(person) or "none",
        "state": state(person, datetime.now(UTC)),
        "account": f"{person['subject']} at {person['issuer']}",
    }
    for name, value in lines.items():
        print(f"{name}: {value}")


def state(person: dict[str, Any], now: datetime) -> str:
    if person["revoked_at"]:
        return f"revoked {person['revoked_at'][:DAY_CHARACTERS]}"
    if person["locked_until"] and datetime.fromisoformat(person["locked_until"]) > now:
        return f"locked until {person['locked_until']}"
    return "active"


def _roles(person: dict[str, Any]) -> str:
    return ", ".join(f"{role} ({at[:DAY_CHARACTERS]})" for role, at in sorted(person["roles"].items()))
