"""When a signature counts: for whom decides and, anew, for whom verifies what was decided."""

from __future__ import annotations

from datetime import datetime, timedelta

FRESHNESS = timedelta(minutes=5)  # the sign-in must be for this signature, not one of this morning
CLOCK_SKEW = timedelta(minutes=1)  # between the identity provider's clock and ours
#: An approval is answered before its request expires; what follows are seconds, and the verification's own retries.
TIME_TO_APPLY = timedelta(minutes=30)


def is_fresh(authenticated_at: datetime, decided_at: datetime) -> bool:
    """Whether the sign-in was for this decision: shortly before it, and after it only by the clocks' difference."""
    return -CLOCK_SKEW <= decided_at - authenticated_at <= FRESHNESS


def may_still_be_applied(expires_at: datetime, now: datetime) -> bool:
    """Whether an approval that nobody has used yet may be used: one that lies about for months must not be."""
    return now < expires_at + TIME_TO_APPLY
