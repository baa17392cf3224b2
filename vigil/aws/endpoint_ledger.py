"""What serves, in the ledger: put into service, taken out, put back; from which model to which, by which approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, model_chain
from vigil.aws.release_models import MarkActiveEvent

#: Of the endpoint's record in the models table (``ServingRecords.serving``).
NO_CONFIG = "none"  # where there is no endpoint
SERVING_FIELDS = ("active_package", "artefact_digest", "config_name")


def endpoint_changed(event: MarkActiveEvent, before: Mapping[str, str], actor: Actor) -> Entry:
    """In the chain of the model that now serves. ``before``: what was recorded as serving, empty for the first."""
    release = event.release
    return Entry(
        chain=model_chain(release.run_key),
        event=EventName.ENDPOINT_CHANGED,
        key=_key(event.execution_arn),
        actor=actor,
        subject=release.endpoint_name,
        old=serving_facts(before),
        new=_serves(event) | {"baseline_digest": event.baseline.digest},
        details={"approval_request_id": release.request_id, "execution_arn": event.execution_arn},
    )


def endpoint_left(event: MarkActiveEvent, before: Mapping[str, str], actor: Actor) -> list[Entry]:
    """The same in the chain of the model that served before, if another one did: for the same transaction."""
    chain = before.get("run_key", "")
    if not chain or chain == event.release.run_key:
        return []
    left = Entry(
        chain=model_chain(chain),
        event=EventName.ENDPOINT_CHANGED,
        key=_key(event.execution_arn),
        actor=actor,
        subject=event.release.endpoint_name,
        old=serving_facts(before),
        new=_serves(event),
        details={"approval_request_id": event.release.request_id, "execution_arn": event.execution_arn},
    )
    return [left]


def changed_outside(
    what: str, endpoint: str, found: Mapping[str, str], recorded: Mapping[str, str], seen_by: Actor
) -> Entry:
    """Somebody has changed the endpoint without us. In the chain of the model that is recorded as serving.

    ``found``: the endpoint's ``status``, ``config`` and ``modified_at``; empty where it is gone. ``what`` tells this
    change from others. Who it was is not known here: CloudTrail has the call.
    """
    run_key = recorded.get("run_key")
    return Entry(
        chain=model_chain(run_key) if run_key else STACK_CHAIN,
        event=EventName.ENDPOINT_CHANGED,
        key=f"{EventName.ENDPOINT_CHANGED}#outside#{what}",
        actor=Actor(name="unknown", via=f"seen by {seen_by.name}", verified=False),
        subject=endpoint,
        old=serving_facts(recorded),
        new={"config_name": found.get("config", NO_CONFIG), "status": found.get("status", NO_CONFIG)},
        details={"modified_at": found["modified_at"]} if "modified_at" in found else {},
    )


def endpoint_restored(
    execution_arn: str,
    run_key: str | None,
    endpoint: str,
    left: Mapping[str, str] | None,
    serving: Mapping[str, str],
    why: str,
    actor: Actor,
) -> Entry:
    """An update was undone: ``serving`` is recorded as serving again. ``run_key``: of the model that was to serve.

    ``left``: what the update had put, or would have put, in its place, as far as it is known.
    """
    return Entry(
        chain=STACK_CHAIN if run_key is None else model_chain(run_key),
        event=EventName.ENDPOINT_RESTORED,
        key=f"{EventName.ENDPOINT_RESTORED}#{execution_arn}",
        actor=actor,
        subject=endpoint,
        old=None if left is None else dict(left),
        new=serving_facts(serving),
        details={"execution_arn": execution_arn, "because": why},
    )


def serving_facts(serving: Mapping[str, str]) -> dict[str, Any] | None:
    return {name: serving.get(name, "") for name in SERVING_FIELDS} if serving.get("active_package") else None


def _serves(event: MarkActiveEvent) -> dict[str, str]:
    release = event.release
    served = (release.model_package_arn, release.artefact_digest, event.config_name)
    return dict(zip(SERVING_FIELDS, served, strict=True))


def _key(execution_arn: str) -> str:
    return f"{EventName.ENDPOINT_CHANGED}#{execution_arn}"
