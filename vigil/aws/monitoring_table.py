"""The monitoring table: windows that were monitored, drift decisions, and the one retraining at a time.

Key ``endpoint`` (the endpoint's name) and ``item``: ``window#<window key>#<monitor>``, ``decision#<decision id>``,
``retraining``. Each item holds its document as JSON in ``document``, beside what conditions need.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vigil.monitoring.models import DriftDecision, Monitor, Window, WindowReport

WINDOW, DECISION, RETRAINING = "window#", "decision#", "retraining"
DOCUMENT = "document"
#: Items of the latest windows that are looked through for each monitor's last: ten windows of all four.
LATEST = 40
PAGES_READ = 8  # of DynamoDB, a megabyte each at most


def window_item(window: Window, monitor: Monitor) -> str:
    return f"{WINDOW}{window.key}#{monitor}"


def decision_item(decision_id: str) -> str:
    return f"{DECISION}{decision_id}"


class MonitoringTable:
    """Reads. ``client`` is a boto3 DynamoDB client. What changes an item does so in one transaction with the ledger."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.name = table

    def windows(self, endpoint: str) -> list[WindowReport]:
        """Newest window first."""
        found = self._documents(endpoint, WINDOW)
        return [WindowReport.model_validate_json(document) for document in found][::-1]

    def last_told(self, endpoint: str) -> dict[str, str]:
        """When each monitor's last windows were finished, by monitor, as ``timestamp`` writes it."""
        answer = self._client.query(
            TableName=self.name,
            KeyConditionExpression="endpoint = :endpoint AND begins_with(#item, :prefix)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":endpoint": {"S": endpoint}, ":prefix": {"S": WINDOW}},
            ProjectionExpression="#item, finished_at",
            ScanIndexForward=False,
            Limit=LATEST,
        )
        told: dict[str, str] = {}
        for item in answer["Items"]:
            monitor = item["item"]["S"].rpartition("#")[2]
            told[monitor] = max(told.get(monitor, ""), item.get("finished_at", {}).get("S", ""))
        return told

    def decisions(self, endpoint: str) -> list[DriftDecision]:
        """Latest decision first."""
        found = [DriftDecision.model_validate_json(document) for document in self._documents(endpoint, DECISION)]
        return sorted(found, key=lambda decision: (decision.decided_at, decision.decision_id), reverse=True)

    def decision(self, endpoint: str, decision_id: str) -> DriftDecision | None:
        document = self.document(endpoint, decision_item(decision_id))
        return None if document is None else DriftDecision.model_validate_json(document)

    def latest(self, endpoint: str, windows: int) -> Iterator[str]:
        """Reports of about the newest ``windows`` windows, as JSON: each monitor's, newest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="endpoint = :endpoint AND begins_with(item, :prefix)",
            ExpressionAttributeValues={":endpoint": {"S": endpoint}, ":prefix": {"S": WINDOW}},
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": windows * len(Monitor), "PageSize": windows},
        )
        for number, page in enumerate(pages):
            if number == PAGES_READ:
                return
            for item in page["Items"]:
                yield str(item[DOCUMENT]["S"])

    def document(self, endpoint: str, item: str) -> str | None:
        answer = self._client.get_item(TableName=self.name, Key=self.key(endpoint, item), ConsistentRead=True)
        return str(answer["Item"][DOCUMENT]["S"]) if "Item" in answer else None

    def _documents(self, endpoint: str, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="endpoint = :endpoint AND begins_with(item, :prefix)",
            ExpressionAttributeValues={":endpoint": {"S": endpoint}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield str(item[DOCUMENT]["S"])

    @staticmethod
    def key(endpoint: str, item: str) -> dict[str, Any]:
        return {"endpoint": {"S": endpoint}, "item": {"S": item}}
