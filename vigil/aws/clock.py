"""The server's clock: the time in every record and checkpoint of the ledger (21 CFR 11.10(e))."""

from __future__ import annotations

from datetime import UTC, datetime


def server_time() -> datetime:
    """The time of this machine, never one that a client sends."""
    return datetime.now(UTC)
