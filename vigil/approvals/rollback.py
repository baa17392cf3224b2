"""Which model may come back: one that served before, by a release that the ledger knows, and that nobody barred since.

A roll-back skips what a new model must go through at the endpoint (shadow period, paired test). So what it names is
believed only where the model's own chain says that this very artefact served, with the facts that were signed then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pydantic import ValidationError

from vigil.approvals.errors import RollbackRefusedError
from vigil.approvals.models import ApprovalRequest, Facts
from vigil.audit.events import EventName
from vigil.audit.models import Record
from vigil.change_control.models import ApprovalRules
from vigil.digests import digest_of

#: Fields of the facts that a roll-back has of its own. All others are those with which the model first served.
OWN_FIELDS = frozenset({"requested_by", "sent_by", "verdict", "rollback"})
RETIRED, APPROVED = "RETIRED", "Approved"
NOT_PROVEN = "nobody has proven that they ask for this roll-back: ask by `vigil models rollback` or on the Models page"


class ServedModels(Protocol):
    """What is recorded of models in service, and what the registry says of them."""

    def serving_package(self) -> str:
        """ARN of the model package that serves as recorded; empty where none does."""

    def recorded_status(self, model_package_arn: str) -> str:
        """``ACTIVE``, ``RETIRED``, or empty where it never served."""

    def registry_status(self, model_package_arn: str) -> str:
        """The registry's approval status. Raises where there is no such package."""


def first_served(model_package_arn: str, chain: Iterable[Record]) -> Facts:
    """The facts with which the model first came into service. Raises ``RollbackRefusedError`` where it never did.

    Three records must agree: that a release was verified, that the request was opened with these facts, and that the
    endpoint was changed to this model because of it.
    """
    records = list(chain)
    opened = {each.subject: each for each in records if each.event is EventName.REQUEST_OPENED}
    verified = {each.subject for each in records if each.event is EventName.RELEASE_VERIFIED}
    for change in records:
        if change.event is not EventName.ENDPOINT_CHANGED or not _is_to(change, model_package_arn):
            continue
        request = str(change.details.get("approval_request_id"))
        if request in verified and request in opened:
            facts = _facts(opened[request])
            if facts is not None and facts.rollback is None and _is_of(facts, change):
                return facts
    raise RollbackRefusedError(
        f"{model_package_arn} never served by a verified release, as the ledger tells it: train and promote instead"
    )


def check_standing(model_package_arn: str, models: ServedModels) -> None:
    """Raises ``RollbackRefusedError`` unless the model is RETIRED and the registry has not barred it."""
    recorded = models.recorded_status(model_package_arn)
    if recorded != RETIRED:
        why = "it serves already" if recorded == "ACTIVE" else "it never served"
        raise RollbackRefusedError(f"{model_package_arn} cannot come back: {why}")
    registry = models.registry_status(model_package_arn)
    if registry != APPROVED:
        raise RollbackRefusedError(f"{model_package_arn} is {registry} in the registry: it may not serve again")


def check_quorum(own: ApprovalRules, in_force: ApprovalRules) -> None:
    """Raises ``RollbackRefusedError`` where the plan in force asks for signatures that the model's own plan does not.

    The roll-back is signed under the plan that the model was made under; nobody may so get round a stricter one.
    """
    seats = {(seat.role, seat.meaning) for seat in own.signatures}
    missing = [seat for seat in in_force.signatures if (seat.role, seat.meaning) not in seats]
    if missing or (in_force.four_eyes and not own.four_eyes):
        words = ", ".join(f"{seat.meaning} by {seat.role}" for seat in missing) or "four eyes"
        raise RollbackRefusedError(
            f"the plan in force asks for more than the model's own ({words}): train again under the plan in force"
        )


def check_rollback(request: ApprovalRequest, chain: Sequence[Record], models: ServedModels) -> None:
    """Raises ``RollbackRefusedError`` unless what was signed may come back now, in place of what serves.

    Nothing is asked of a promotion.
    """
    facts, rollback = request.facts, request.facts.rollback
    if rollback is None:
        return
    _check_asked(request, chain)
    check_asker(facts, request.execution_arn, chain)
    served = first_served(facts.model_package_arn, chain)
    for name in sorted(set(Facts.model_fields) - OWN_FIELDS):
        if getattr(facts, name) != getattr(served, name):
            raise RollbackRefusedError(f"its {name} is not the one with which the model served")
    check_standing(facts.model_package_arn, models)
    serving = models.serving_package()
    if serving != rollback.replaces_package:
        raise RollbackRefusedError(
            f"it was signed to replace {rollback.replaces_package}, but {serving or 'nothing'} serves now: ask again"
        )


def check_asker(facts: Facts, execution_arn: str, chain: Iterable[Record]) -> None:
    """Raises ``RollbackRefusedError`` unless whom the facts name proved, for this execution, that they ask for this.

    An execution's input and a row of the runs table alone prove nothing.
    """
    rollback = facts.rollback
    if rollback is None or rollback.asked_subject is None:
        raise RollbackRefusedError(NOT_PROVEN)
    for record in chain:
        if record.event is not EventName.ROLLBACK_ASKED or record.subject != execution_arn:
            continue
        who = (record.actor.name, record.actor.via, record.details.get("subject"), record.actor.verified)
        what = (record.new, record.details.get("reason"))
        if who == (facts.requested_by, rollback.asked_via, rollback.asked_subject, True) and what == (
            {"package": facts.model_package_arn},
            rollback.reason,
        ):
            return
    raise RollbackRefusedError(NOT_PROVEN)


def asked_digest(facts: Facts) -> str:
    """Names in the ledger what a roll-back asked for, word for word."""
    return digest_of(facts.model_dump(mode="json"))


def _check_asked(request: ApprovalRequest, chain: Iterable[Record]) -> None:
    """What was pinned was recorded first, word for word: a row of the runs table alone proves nothing."""
    asked = [
        each for each in chain if each.event is EventName.ROLLBACK_REQUESTED and each.subject == request.execution_arn
    ]
    if not any(each.details.get("facts_digest") == asked_digest(request.facts) for each in asked):
        raise RollbackRefusedError("the ledger does not know that this roll-back was asked for")


def _is_to(change: Record, model_package_arn: str) -> bool:
    return isinstance(change.new, dict) and change.new.get("active_package") == model_package_arn


def _is_of(facts: Facts, change: Record) -> bool:
    named = (change.new["active_package"], change.new.get("artefact_digest"))
    return named == (facts.model_package_arn, facts.artefact_digest)


def _facts(opened: Record) -> Facts | None:
    try:
        return Facts.model_validate(opened.details.get("facts"))
    except ValidationError:
        return None
