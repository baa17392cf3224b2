"""When a signature counts: for whom decides and, anew, for whom verifies what was decided."""

from __future__ import annotations

from datetime import datetime, timedelta

#: From the sign-in to the signature: a page that redirects to an identity provider and back takes seconds.
FRESHNESS = timedelta(minutes=15)
CLOCK_SKEW = timedelta(minutes=1)  # between the identity provider's clock and ours
#: An approval is answered before its request expires; what follows are seconds, and the verification's own retries.
TIME_TO_APPLY = timedelta(minutes=30)


def is_for(authenticated_at: datetime, shown_at: datetime, signed_at: datetime) -> bool:
    """Whether a sign-in was for this signature: after it was shown and before it was made, but for the clocks'
    difference, and shortly before it."""
    return (
        shown_at - CLOCK_SKEW <= authenticated_at <= signed_at + CLOCK_SKEW
        and signed_at - authenticated_at <= FRESHNESS
    )


def may_still_be_applied(expires_at: datetime, now: datetime) -> bool:
    """Whether an approval that nobody has used yet may be used: one that lies about for months must not be."""
    return now < expires_at + TIME_TO_APPLY
