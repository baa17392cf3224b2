"""How moments, figures and names are written on the page. Words only: what is markup is in the templates."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from vigil.approvals.models import Meaning, Status
from vigil.models.models import Measure

#: What a signature says, in words that a signer can be held to (21 CFR 11.50(a)(3)).
MEANINGS = {
    Meaning.REVIEWED: "I have reviewed how this candidate came about, and the evidence for it.",
    Meaning.APPROVED: "I approve this candidate for use: once everyone has signed, it replaces the model in service.",
    Meaning.REJECTED: "I reject this candidate: the model in service stays as it is, and nobody is asked any more.",
}
ROLLBACK_MEANINGS = {
    Meaning.REVIEWED: "I have reviewed why this model is to come back, and the evidence for it.",
    Meaning.APPROVED: "I approve this roll-back: once everyone has signed, the model replaces the one in service.",
    Meaning.REJECTED: "I reject this roll-back: the model in service stays as it is, and nobody is asked any more.",
}
STATUSES = {
    Status.PENDING: "Waiting for signatures",
    Status.APPROVED: "Approved",
    Status.REJECTED: "Rejected",
    Status.EXPIRED: "Expired",
    Status.WITHDRAWN: "Withdrawn",
    Status.SUPERSEDED: "Superseded",
    Status.DECIDED_NOT_APPLIED: "Decided, but not applied",
}
OUTCOMES = {
    "within-plan": "Within the plan: every criterion is met",
    "below-limits": "Below the limits: a criterion of quality is not met",
    "leak-suspected": "A leak is suspected: the figures are too good",
    "outside-plan": "Outside the plan: there is nothing to approve",
}
#: Whether the statement says that the signer has a stake (four eyes).
STAKE = {
    True: "you asked for this, sent the message that did, or changed the plan: the statement says so, and you cannot "
    "decide alone",
    False: "none: you neither asked for this nor changed the plan",
}
NO_SIGNER = (
    "No signer is known for your Airflow user. Whoever deploys the stack adds you to its parameter AirflowSigners, "
    "a JSON object of Airflow user names to signers."
)
MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING = "–"
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_STATE = re.compile(r"\b(?:APPROVED|REJECTED|EXPIRED|WITHDRAWN|SUPERSEDED)\b")


def moment(value: Any) -> str:
    """``2026-03-05 11:30:00 UTC``. Vigil's moments come as text from JSON and as datetimes from models."""
    if value is None:
        return NOTHING
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def distance(value: Any, now: datetime) -> str:
    """``in 3 days``, ``2 hours ago``: rounded down, so that nobody counts on time that is not there."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    seconds = (found - now).total_seconds()
    length = abs(seconds)
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if length >= unit:
            count = int(length // unit)
            words = f"{count} {name}{'' if count == 1 else 's'}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return "in less than a minute" if seconds > 0 else "just now"


def interval(measure: Measure | None) -> str:
    """``0.886 (0.865 to 0.905)``."""
    if measure is None or measure.value is None:
        return "undefined" if measure is not None else NOTHING
    if measure.low is None or measure.high is None:
        counted = measure.value.is_integer() and abs(measure.value) > 1
        return f"{measure.value:.0f}" if counted else f"{measure.value:.3f}"
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"


def signed_interval(measure: Measure | None) -> str:
    """A difference: ``+0.0061 (-0.0002 to +0.0142)``: with three digits many an end would be ``-0.000``."""
    if measure is None or measure.value is None:
        return "undefined" if measure is not None else NOTHING
    if measure.low is None or measure.high is None:
        return f"{measure.value:+.4f}"
    return f"{measure.value:+.4f} ({measure.low:+.4f} to {measure.high:+.4f})"


def model_name(arn: str) -> str:
    """``triage/7``: what people call a model package."""
    return arn.partition("model-package/")[2] or arn


def asker(name: str) -> str:
    """``airflow:dana`` is Dana, known by Airflow's login."""
    where, separator, who = name.partition(":")
    return f"{who} ({where})" if separator and who else name


def role_name(role: str) -> str:
    return role.replace("-", " ")


def told(text: object) -> str:
    """A message of the desk with its moments and states as the pages write them elsewhere."""
    shown = _MOMENT.sub(lambda found: moment(found[0]), str(text).strip())
    return _STATE.sub(lambda found: found[0].lower(), shown)


def sentence(text: object) -> str:
    """An error's message, which begins in lower case, as a sentence by itself."""
    found = told(text)
    return found[:1].upper() + found[1:] + ("" if found.endswith((".", "!", "?")) else ".")
