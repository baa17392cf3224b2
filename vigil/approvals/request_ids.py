"""The id of an approval request follows from the wait: who reads an execution's history knows it too."""

from __future__ import annotations

from datetime import datetime

from vigil.digests import digest_of
from vigil.moments import timestamp

ID_DIGITS = 24  # of SHA-256: the id is also the name of an execution, and people read it aloud


def id_of_wait(execution_arn: str, state_name: str, entered_at: datetime, attempt: int) -> str:
    """The same wait always has the same id; a retried or redriven wait has another."""
    return f"apr-{digest_of([execution_arn, state_name, timestamp(entered_at), attempt])[:ID_DIGITS]}"
