"""The approvals table: one item for each request, and one for each challenge while it is good.

A change of a request is one transaction: the row, on the condition that it is what was read; its record in the ledger,
with that of the decision where it decides; and for a signature the challenge, which it uses up. Concurrent changes
cannot both win, and none is without its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from vigil.approvals.desk import Challenge
from vigil.approvals.errors import BusyError, ChallengeError
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.people import Person
from vigil.approvals.ports import KeptChallenge
from vigil.audit.models import Entry
from vigil.aws.approval_items import (
    CHALLENGE_PREFIX,
    challenge_from_item,
    challenge_key,
    challenge_to_item,
    from_item,
    readable,
    request_key,
    to_item,
)
from vigil.aws.ledger_table import Appended, ConditionFailedError, LedgerBusyError, LedgerTable
from vigil.aws.people_table import unchanged
from vigil.moments import timestamp

STATUS_INDEX = "by_status"
ROW, CHALLENGE = range(2)  # the order of a signature's changes


class ApprovalsTable:
    """``ApprovalStore`` and ``Challenges`` on DynamoDB. ``client`` is a boto3 DynamoDB client; ``people`` is the table
    of the people, whose record must not change while they sign."""

    def __init__(self, client: Any, table: str, ledger: LedgerTable, people: str) -> None:
        self._client = client
        self._people = people
        self._table = table
        self._ledger = ledger

    def get(self, request_id: str) -> ApprovalRequest | None:
        if request_id.startswith(CHALLENGE_PREFIX):
            return None
        item = self._item(request_key(request_id))
        return None if item is None else from_item(item)

    def with_status(self, status: Status) -> list[ApprovalRequest]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": str(status)}},
        )
        return [request for page in pages for item in page["Items"] if (request := readable(item)) is not None]

    def insert(self, request: ApprovalRequest, entries: Sequence[Entry]) -> bool:
        return self._write(entries, [self._put(request, "attribute_not_exists(request_id)")])

    def replace(self, before: ApprovalRequest, after: ApprovalRequest, entry: Entry) -> bool:
        return self._write([entry], [self._next(before, after)])

    def sign(
        self,
        before: ApprovalRequest,
        after: ApprovalRequest,
        entries: Sequence[Entry],
        challenge_id: str,
        at: datetime,
        signer: Person,
    ) -> bool:
        row = self._next(before, after, " AND #status = :pending AND expires_at > :now")
        row["Put"]["ExpressionAttributeValues"] |= {":pending": {"S": Status.PENDING}, ":now": {"S": timestamp(at)}}
        used = {
            "Update": {
                "TableName": self._table,
                "Key": challenge_key(challenge_id),
                "UpdateExpression": "SET used_at = :now",
                "ConditionExpression": "attribute_exists(challenge) AND attribute_not_exists(used_at)",
                "ExpressionAttributeValues": {":now": {"S": timestamp(at)}},
            }
        }
        try:
            recorded = self._append(entries, [row, used, unchanged(signer, self._people)])
        except ConditionFailedError as refused:
            if refused.index == CHALLENGE:
                raise ChallengeError("this was signed already, or is no longer known: look at the request") from None
            return False
        if not recorded.is_of(entries[0]):  # the ledger has another signature under this challenge
            raise ChallengeError("this was signed already, and is good for one signature: look at the request")
        return True

    def claim(self, request_id: str, execution_arn: str) -> bool:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=request_key(request_id),
                UpdateExpression="SET applied_by = :by ADD revision :one",
                ConditionExpression="#status = :approved AND (attribute_not_exists(applied_by) OR applied_by = :by)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":by": {"S": execution_arn},
                    ":approved": {"S": Status.APPROVED.value},
                    ":one": {"N": "1"},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def keep(self, challenge: Challenge) -> None:
        self._client.put_item(
            TableName=self._table,
            Item=challenge_to_item(challenge),
            ConditionExpression="attribute_not_exists(request_id)",
        )

    def challenge(self, challenge_id: str) -> KeptChallenge | None:
        item = self._item(challenge_key(challenge_id))
        return None if item is None else challenge_from_item(item)

    def _item(self, key: dict[str, Any]) -> dict[str, Any] | None:
        item: dict[str, Any] | None = self._client.get_item(
            TableName=self._table, Key=key, ConsistentRead=True
        ).get("Item")  # fmt: skip
        return item

    def _put(self, request: ApprovalRequest, condition: str) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": to_item(request), "ConditionExpression": condition}}

    def _next(self, before: ApprovalRequest, after: ApprovalRequest, more: str = "") -> dict[str, Any]:
        """The row's next revision, if it is still what was read."""
        change = self._put(after, f"revision = :read AND #status = :was{more}")
        change["Put"] |= {
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":read": {"N": str(before.revision)},
                ":was": {"S": before.status.value},
            },
        }
        return change

    def _write(self, entries: Sequence[Entry], changes: Sequence[dict[str, Any]]) -> bool:
        """False where the row is not as expected, or the ledger has another record of this already."""
        try:
            return self._append(entries, changes).is_of(entries[0])
        except ConditionFailedError:
            return False

    def _append(self, entries: Sequence[Entry], changes: Sequence[dict[str, Any]]) -> Appended:
        try:
            return self._ledger.append_with(entries[0], changes, entries[1:])
        except LedgerBusyError as error:
            raise BusyError(str(error)) from error
