"""Requests and challenges as items of the approvals table. Nested values are JSON text, as they were signed."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from vigil.approvals.desk import Challenge
from vigil.approvals.errors import UnreadableRequestError
from vigil.approvals.models import ApprovalRequest
from vigil.approvals.ports import KeptChallenge

logger = logging.getLogger(__name__)

DOCUMENTS = ("facts", "signatures", "reminded", "served")
NUMBERS = ("attempt", "revision")
#: Challenges lie in the same table, for one transaction; no request has such an id.
CHALLENGE_PREFIX = "challenge#"
#: DynamoDB deletes a challenge some time after; until then who comes late hears that it is too late.
CHALLENGES_KEPT = timedelta(days=1)


def request_key(request_id: str) -> dict[str, Any]:
    return {"request_id": {"S": request_id}}


def challenge_key(challenge_id: str) -> dict[str, Any]:
    return request_key(CHALLENGE_PREFIX + challenge_id)


def to_item(request: ApprovalRequest) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name, value in request.model_dump(mode="json", exclude_none=True).items():
        if name in NUMBERS:
            item[name] = {"N": str(value)}
        else:
            item[name] = {"S": json.dumps(value) if name in DOCUMENTS else value}
    return item


def from_item(item: dict[str, Any]) -> ApprovalRequest:
    """Raises ``UnreadableRequestError``, which names the fields and never what is in them."""
    known = {name: value for name, value in item.items() if name in ApprovalRequest.model_fields}
    fields: dict[str, Any] = {name: next(iter(value.values())) for name, value in known.items()}
    try:
        for name in DOCUMENTS:
            if name in fields:
                fields[name] = json.loads(fields[name])
        return ApprovalRequest.model_validate(fields)
    except ValidationError as error:
        wrong = sorted({str(problem["loc"][0]) for problem in error.errors(include_input=False) if problem["loc"]})
    except (TypeError, ValueError):
        wrong = list(DOCUMENTS)
    raise UnreadableRequestError(f"approval request {fields.get('request_id')} cannot be read: see {', '.join(wrong)}")


def readable(item: dict[str, Any]) -> ApprovalRequest | None:
    """None for a row that cannot be read: it must not keep the others from being decided, delivered or shown."""
    try:
        return from_item(item)
    except UnreadableRequestError as error:
        logger.warning("%s; it is passed over", error)
        return None


def challenge_to_item(challenge: Challenge) -> dict[str, Any]:
    delete_after = challenge.expires_at + CHALLENGES_KEPT
    return {
        **challenge_key(challenge.challenge_id),
        "challenge": {"S": challenge.model_dump_json()},
        "delete_after": {"N": str(int(delete_after.timestamp()))},
    }


def challenge_from_item(item: dict[str, Any]) -> KeptChallenge:
    return KeptChallenge(Challenge.model_validate_json(item["challenge"]["S"]), used="used_at" in item)
