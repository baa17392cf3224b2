"""A model that served, was replaced, and is asked to come back: on the bench of approvals, in memory."""

from __future__ import annotations

from typing import Any

from approval_bench import RUN_KEY, Bench

from vigil.approvals.models import ApprovalRequest, Facts, Rollback
from vigil.approvals.open import open_request
from vigil.approvals.rollback import asked_digest
from vigil.approvals.verify import PINNED, verify_release
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain

MACHINES = "arn:aws:states:us-east-1:123456789012:execution:"
ROLL_BACK = f"{MACHINES}roll-back:rollback-1"
UPDATE, UPDATE_AGAIN = f"{MACHINES}update-endpoint:first", f"{MACHINES}update-endpoint:again"
NEWER = "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/2"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/pool"
ACTOR = Actor(name="a function", via="AWS Lambda", verified=True)


def served(bench: Bench) -> ApprovalRequest:
    """The bench's candidate is promoted; then ``NEWER`` serves and it is RETIRED."""
    request = bench.approved()
    verify_release(request.request_id, request.execution_arn, UPDATE, bench.verification)
    changed(bench, bench.facts, request.request_id)
    bench.models.recorded[bench.facts.model_package_arn] = "RETIRED"
    bench.models.recorded[NEWER] = "ACTIVE"
    bench.models.serving = NEWER
    return request


def changed(bench: Bench, facts: Facts, request_id: str, execution: str = UPDATE) -> None:
    """What ``mark_active`` records."""
    new = {"active_package": facts.model_package_arn, "artefact_digest": facts.artefact_digest, "config_name": "c"}
    note(bench, EventName.ENDPOINT_CHANGED, "triage", execution, new=new, details={"approval_request_id": request_id})


def note(bench: Bench, event: EventName, subject: str, key: str, **fields: Any) -> None:
    entry = {"chain": model_chain(RUN_KEY), "event": event, "key": f"{event}#{key}", "actor": ACTOR, "subject": subject}
    bench.ledger.append(Entry.model_validate(entry | fields))


def rollback_facts(bench: Bench, **changes: Any) -> Facts:
    asker = changes.setdefault("requested_by", "dana")
    rollback = Rollback(
        replaces_package=NEWER, replaces_artefact="b" * 64, replaces_run_key="ba9876543210",
        reason="recall fell in the newest quarter", asked_via=ISSUER, asked_subject=f"subject-of-{asker}",
    )  # fmt: skip
    return bench.facts.model_copy(update={"rollback": rollback} | changes)


def opened(
    bench: Bench, facts: Facts, pinned: Facts | None = None, asked: Facts | None = None, **proven: Any
) -> ApprovalRequest:
    """The wait of a roll-back whose message has ``facts``. ``pinned``, ``asked``, ``proven``: what runs table and
    ledger have otherwise."""
    fixed = facts if pinned is None else pinned
    document = fixed.model_dump(mode="json")
    pins = {name: document.get(name) for name in PINNED} | {"key": RUN_KEY, "facts": document}
    bench.pins.runs[ROLL_BACK] = pins
    prove(bench, fixed, **proven)
    digest = asked_digest(fixed if asked is None else asked)
    note(bench, EventName.ROLLBACK_REQUESTED, ROLL_BACK, ROLL_BACK, details={"facts_digest": digest})
    bench.runs.waiting["token-of-the-roll-back"] = ROLL_BACK
    message = bench.message(ROLL_BACK, "token-of-the-roll-back", facts=facts)
    return open_request(message, bench.opening).request


def prove(bench: Bench, facts: Facts, **changes: Any) -> None:
    """What ``request_rollback`` records of the asker before it starts anything."""
    rollback = facts.rollback
    assert rollback is not None
    fields = {
        "subject": ROLL_BACK, "new": {"package": facts.model_package_arn},
        "details": {"subject": rollback.asked_subject, "reason": rollback.reason},
        "actor": Actor(name=facts.requested_by, via=rollback.asked_via, verified=True),
    }  # fmt: skip
    note(bench, EventName.ROLLBACK_ASKED, key=ROLL_BACK, **(fields | changes))


def approved(bench: Bench, facts: Facts | None = None, **kwargs: Any) -> ApprovalRequest:
    """A roll-back with both signatures."""
    return bench.approve(bench.review(opened(bench, facts or rollback_facts(bench), **kwargs)))
