"""The runs table: one item for each execution, with what was pinned when it started and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from vigil.moments import timestamp

RUNNING = "RUNNING"
STOPPED = "Stopped"  # from outside: whoever stopped it may redrive it


def has_ended(record: Mapping[str, str], redrives: int) -> bool:
    """Whether the end after this many redrives is recorded in a run's item, or a later one."""
    return record.get("outcome", RUNNING) != RUNNING and int(record.get("redrives", "0")) >= redrives


def is_settled(record: Mapping[str, str], redrives: int) -> bool:
    """Whether what the end after this many redrives, or a later one, left at the endpoint was looked after."""
    return "endpoint_settled_at" in record and int(record.get("settled_redrives", "0")) >= redrives


class RunRecords:
    """``client`` is a boto3 DynamoDB client. All attributes but counts of redrives are texts; ``pinned`` is JSON."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, execution_arn: str) -> dict[str, str] | None:
        answer = self._client.get_item(TableName=self._table, Key=_key(execution_arn), ConsistentRead=True)
        if "Item" not in answer:
            return None
        return {name: str(next(iter(value.values()))) for name, value in answer["Item"].items()}

    def pinned(self, execution_arn: str) -> dict[str, object]:
        """What the run fixed when it started; empty where nothing is recorded."""
        fields: dict[str, object] = json.loads((self.get(execution_arn) or {}).get("pinned", "{}"))
        return fields

    def start(self, execution_arn: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Record a run, unless it is recorded already; gives what is recorded: what was pinned first stays."""
        item = {**_key(execution_arn), **{name: {"S": value} for name, value in fields.items()}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**item, "outcome": {"S": RUNNING}},
                ConditionExpression="attribute_not_exists(execution_arn)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return self.get(execution_arn) or {}
        return {"execution_arn": execution_arn, "outcome": RUNNING, **fields}

    def finish(self, execution_arn: str, outcome: str, reason: str, at: datetime, redrives: int = 0) -> bool:
        """Record how a run ended after so many redrives: each end once, and its first outcome stands.

        False, and no change, where the outcome of this end or of a later one is recorded already.
        """
        redriven = " OR attribute_not_exists(redrives) OR redrives < :redrives" if redrives else ""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(execution_arn),
                UpdateExpression="SET outcome = :outcome, reason = :reason, ended_at = :at, redrives = :redrives",
                ConditionExpression=f"attribute_not_exists(outcome) OR outcome = :running{redriven}",
                ExpressionAttributeValues={
                    ":outcome": {"S": outcome},
                    ":reason": {"S": reason},
                    ":at": {"S": timestamp(at)},
                    ":running": {"S": RUNNING},
                    ":redrives": {"N": str(redrives)},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def note_restoration(self, execution_arn: str, step: str, found: str) -> None:
        """Before the endpoint is touched because of this execution: whoever settles it records that it was.

        ``found``: the configuration that the endpoint has; what was found before the first step stays.
        """
        self._client.update_item(
            TableName=self._table,
            Key=_key(execution_arn),
            UpdateExpression=(
                "SET restoration_step = :step, restoration_found = if_not_exists(restoration_found, :found)"
            ),
            ExpressionAttributeValues={":step": {"S": step}, ":found": {"S": found}},
        )

    def give_up(self, execution_arn: str, at: datetime) -> None:
        """Record that the package of a run that was stopped was rejected: nobody can redrive the run any more."""
        self._client.update_item(
            TableName=self._table,
            Key=_key(execution_arn),
            UpdateExpression="SET given_up_at = :at",
            ExpressionAttributeValues={":at": {"S": timestamp(at)}},
        )

    def settle(self, execution_arn: str, at: datetime, redrives: int) -> None:
        """Record that an execution that ended after so many redrives has left nothing at the endpoint that is not
        recorded as ACTIVE."""
        self._client.update_item(
            TableName=self._table,
            Key=_key(execution_arn),
            UpdateExpression="SET endpoint_settled_at = :at, settled_redrives = :redrives",
            ExpressionAttributeValues={":at": {"S": timestamp(at)}, ":redrives": {"N": str(redrives)}},
        )

    def register(self, execution_arn: str, model_package_arn: str) -> str:
        """Record which model package a run has registered: whoever records its end must be able to reject it.

        Gives the run's outcome so far.
        """
        answer = self._client.update_item(
            TableName=self._table,
            Key=_key(execution_arn),
            UpdateExpression="SET model_package_arn = :package",
            ExpressionAttributeValues={":package": {"S": model_package_arn}},
            ReturnValues="ALL_NEW",
        )
        return str(answer["Attributes"].get("outcome", {"S": RUNNING})["S"])


def _key(execution_arn: str) -> dict[str, Any]:
    return {"execution_arn": {"S": execution_arn}}
