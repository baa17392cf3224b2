"""The approvals table: one item for each request. Every change is conditional, so concurrent ones cannot both win."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from vigil.approvals.errors import NotPendingError, UnreadableRequestError
from vigil.approvals.models import ApprovalRequest, SignedDecision, Status
from vigil.moments import timestamp

logger = logging.getLogger(__name__)

STATUS_INDEX = "by_status"
DOCUMENTS = ("facts", "decision")  # kept as JSON text: numbers stay exactly what was signed


class ApprovalsTable:
    """``ApprovalStore`` on DynamoDB. ``client`` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, request_id: str) -> ApprovalRequest | None:
        answer = self._client.get_item(TableName=self._table, Key=_key(request_id), ConsistentRead=True)
        return _from_item(answer["Item"]) if "Item" in answer else None

    def insert(self, request: ApprovalRequest) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_to_item(request),
                ConditionExpression="attribute_not_exists(request_id)",
            )
        except ClientError as error:
            return _false_if_refused(error)
        return True

    def with_status(self, status: Status) -> list[ApprovalRequest]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status.value}},
        )
        return [request for page in pages for item in page["Items"] if (request := _readable(item)) is not None]

    def decide(self, request_id: str, decision: SignedDecision) -> None:
        update = {
            "TableName": self._table,
            "Key": _key(request_id),
            "UpdateExpression": "SET #status = :decided, #decision = :decision",
            "ConditionExpression": "#status = :pending AND expires_at > :now",
            "ExpressionAttributeNames": {"#status": "status", "#decision": "decision"},
            "ExpressionAttributeValues": {
                ":decided": {"S": decision.decision.value},
                ":decision": {"S": decision.model_dump_json()},
                ":pending": {"S": Status.PENDING.value},
                ":now": {"S": timestamp(decision.decided_at)},
            },
        }
        try:
            self._client.transact_write_items(TransactItems=[{"Update": update}])
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionCanceledException":
                raise NotPendingError(f"request {request_id} is no longer pending") from error
            raise

    def move(self, request_id: str, source: Status, target: Status, note: str) -> bool:
        return self._update(
            request_id,
            "SET #status = :target, note = :note",
            "#status = :source",
            {":target": target.value, ":note": note, ":source": source.value},
            {"#status": "status"},
        )

    def mark_delivered(self, request_id: str, at: datetime) -> None:
        self._update(
            request_id,
            "SET delivered_at = :at",
            "attribute_exists(request_id) AND attribute_not_exists(delivered_at)",
            {":at": timestamp(at)},
        )

    def claim(self, request_id: str, execution_arn: str) -> bool:
        return self._update(
            request_id,
            "SET applied_by = :by",
            "#status = :approved AND (attribute_not_exists(applied_by) OR applied_by = :by)",
            {":by": execution_arn, ":approved": Status.APPROVED.value},
            {"#status": "status"},
        )

    def _update(
        self,
        request_id: str,
        update: str,
        condition: str,
        values: dict[str, str],
        names: dict[str, str] | None = None,
    ) -> bool:
        """False where the condition did not hold."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(request_id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
                **({"ExpressionAttributeNames": names} if names else {}),
            )
        except ClientError as error:
            return _false_if_refused(error)
        return True


def _key(request_id: str) -> dict[str, Any]:
    return {"request_id": {"S": request_id}}


def _false_if_refused(error: ClientError) -> bool:
    if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
        return False
    raise error


def _to_item(request: ApprovalRequest) -> dict[str, Any]:
    fields = request.model_dump(mode="json", exclude_none=True)
    item: dict[str, Any] = {"attempt": {"N": str(fields.pop("attempt"))}}
    for name, value in fields.items():
        item[name] = {"S": json.dumps(value) if name in DOCUMENTS else value}
    return item


def _readable(item: dict[str, Any]) -> ApprovalRequest | None:
    """None for a row that cannot be read: it must not keep the others from being decided, delivered or shown."""
    try:
        return _from_item(item)
    except UnreadableRequestError as error:
        logger.warning("%s; it is passed over", error)
        return None


def _from_item(item: dict[str, Any]) -> ApprovalRequest:
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
