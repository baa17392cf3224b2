"""How versions and their fates are written on the page. Words only: what is markup is in the templates."""

from __future__ import annotations

from vigil.models.versions import VersionStatus

#: Class of the mark, sign, words.
STATUSES = {
    VersionStatus.ACTIVE: ("good", "✓", "serves"),
    VersionStatus.RETIRED: ("muted", "○", "served before"),
    VersionStatus.REJECTED: ("bad", "✗", "rejected"),
    VersionStatus.PENDING: ("wait", "…", "waits for signatures"),
    VersionStatus.APPROVED: ("wait", "…", "approved, not in service yet"),
}
#: What ``changed_at`` is of each.
SINCE = {
    VersionStatus.ACTIVE: "in service since",
    VersionStatus.RETIRED: "out of service since",
    VersionStatus.REJECTED: "rejected",
    VersionStatus.PENDING: "waiting since",
    VersionStatus.APPROVED: "approved",
}
VERDICTS = {
    "passed": ("good", "✓", "passed"),
    "turned-away": ("bad", "✗", "turned away"),
}
NOT_JUDGED = ("wait", "…", "not judged")
ENDPOINT = {
    "InService": ("good", "✓", "in service"),
    "Updating": ("wait", "…", "being changed"),
    "Creating": ("wait", "…", "being made"),
    "Failed": ("bad", "✗", "failed"),
}
LONGEST_REASON = 2000
REASON_MISSING = "Say why the earlier model should come back: who signs reads it."
REASON_TOO_LONG = "A reason may have 2,000 characters."
CHANGED = "What serves has changed since this page was opened. Look at the models again, then decide."
MAY_NOT_RETURN = "Only a version that served before can come back."
NOTHING_SERVES = "Nothing serves that could be replaced."


def short(digest: str | None) -> str:
    """As much of a digest as tells two apart by eye."""
    return (digest or "")[:12]
