"""Training on the role (21 CFR 11.10(i)): who signs in a role was trained for it, and not too long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from vigil.approvals.errors import NotEntitledError, TrainingExpiredError
from vigil.approvals.people import Person
from vigil.change_control.models import ApprovalRules


def training_ends(person: Person, role: str, rules: ApprovalRules) -> datetime | None:
    """Until when the person's training for the role counts; None where there was none."""
    trained = person.roles.get(role)
    return None if trained is None else trained + timedelta(days=rules.training_valid_days)


def require_training(person: Person, role: str, rules: ApprovalRules, now: datetime) -> None:
    """Raises ``NotEntitledError`` where the person has no such role, ``TrainingExpiredError`` where it is too old."""
    ends = training_ends(person, role, rules)
    if ends is None:
        raise NotEntitledError(f"{person.username} does not have the role {role}: ask somebody who has")
    if now >= ends:
        raise TrainingExpiredError(
            f"{person.username}'s training for {role} counted until {ends:%Y-%m-%d}: repeat it, and ask an "
            f"administrator to record it (`vigil people train {person.username} --role {role}`)"
        )
