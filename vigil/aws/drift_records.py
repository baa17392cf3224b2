"""Drift decisions as they are kept: each change of the monitoring table in one transaction with the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, model_chain
from vigil.aws.ledger_ports import RequiredLedger
from vigil.aws.ledger_table import ConditionFailedError
from vigil.aws.monitoring_table import DOCUMENT, RETRAINING, MonitoringTable, decision_item
from vigil.monitoring.models import DriftDecision
from vigil.monitoring.retraining import Retraining


@dataclass(frozen=True)
class Lock:
    """The retraining that is recorded now, and the one that is to take its place."""

    before: Retraining | None
    after: Retraining


class DriftRecords:
    """``client`` is a boto3 DynamoDB client, ``run_key`` that of the model in service; None where none is.

    A change counts only over what was read here before: of two who change the same thing, one looks again.
    """

    def __init__(self, client: Any, table: str, ledger: RequiredLedger, run_key: str | None) -> None:
        self._client = client
        self._ledger = ledger
        self._chain = STACK_CHAIN if run_key is None else model_chain(run_key)
        self._table = table
        self._read: dict[str, str] = {}  # by item, as it was stored: what a change is conditional on

    def retraining(self, endpoint: str) -> Retraining | None:
        text = self._look(endpoint, RETRAINING)
        return None if text is None else Retraining.model_validate_json(text)

    def decision(self, endpoint: str, decision_id: str) -> DriftDecision | None:
        text = self._look(endpoint, decision_item(decision_id))
        return None if text is None else DriftDecision.model_validate_json(text)

    def held(self, retraining: Retraining) -> DriftDecision | None:
        """The decision that a retraining is of, as it is now; to look at, not to change."""
        return self.peek(retraining.endpoint, retraining.decision_id)

    def peek(self, endpoint: str, decision_id: str) -> DriftDecision | None:
        """As ``decision``; what is changed later stays conditional on what was read before."""
        text = self._fetch(endpoint, decision_item(decision_id))
        return None if text is None else DriftDecision.model_validate_json(text)

    def decided(self, decision: DriftDecision, lock: Lock | None, execution_arn: str, actor: Actor) -> bool:
        """Record a decision, and with it the retraining that it begins. False where somebody was faster: look again."""
        changes = [self._put_decision(decision, is_new=True)]
        if lock is not None:
            changes.append(self._put_lock(lock))
        details = {**decision.model_dump(mode="json"), "execution_arn": execution_arn}
        return self._write(self._entry(EventName.DRIFT_DECIDED, decision, actor, details), changes)

    def was_decided_by(self, decision_id: str, execution_arn: str) -> bool:
        """Whether it was this execution that decided: its own earlier try, whose answer was lost."""
        record = self._ledger.find(self._chain, f"{EventName.DRIFT_DECIDED}#{decision_id}")
        return record is not None and record.details.get("execution_arn") == execution_arn

    def overridden(self, before: DriftDecision, after: DriftDecision, lock: Lock | None, actor: Actor) -> bool:
        """As ``decided``, for what a person decides otherwise."""
        changes = [self._put_decision(after, is_new=False)]
        if lock is not None:
            changes.append(self._put_lock(lock))
        details = after.model_dump(mode="json", include={"rule", "override_reason", "new_data", "overridden_at"})
        entry = self._entry(EventName.DRIFT_OVERRIDDEN, after, actor, details, before)
        return self._write(_once_for(entry, str(details["overridden_at"])), changes)

    def asking(self, before: DriftDecision, execution_arn: str) -> DriftDecision | None:
        """Mark that Airflow is about to be asked; None where the decision was changed: look again."""
        if before.asking == execution_arn:
            return before
        after = before.model_copy(update={"asking": execution_arn})
        if not self._put_item(self._put_decision(after, is_new=False)):
            return None
        self._read[decision_item(after.decision_id)] = after.model_dump_json()
        return after

    def asked(self, before: DriftDecision, dag_run_id: str, actor: Actor) -> bool:
        """Record that Airflow was asked; once, however often it is said. False where the decision was changed."""
        after = before.model_copy(update={"dag_run_id": dag_run_id})
        details = {"dag_run_id": dag_run_id, "new_data": after.new_data.model_dump(mode="json")}
        entry = self._entry(EventName.RETRAINING_ASKED, after, actor, details)
        return self._write(entry, [self._put_decision(after, is_new=False)])

    def refused(self, decision: DriftDecision, actor: Actor, why: Exception, attempt: str) -> None:
        """An override that was refused."""
        details = {"error": type(why).__name__, "why": str(why)[:1000]}
        entry = self._entry(EventName.DRIFT_OVERRIDE_REFUSED, decision, actor, details)
        self._ledger.append(_once_for(entry, attempt))

    def not_handled(self, subject: str, execution_arn: str, facts: dict[str, Any], actor: Actor) -> bool:
        """That an execution could not do its part; false where that is recorded already."""
        event = EventName.DRIFT_NOT_HANDLED
        key = f"{event}#{execution_arn}"
        entry = Entry(chain=self._chain, event=event, key=key, actor=actor, subject=subject, details=facts)
        return self._ledger.append_with(entry, ()).is_new

    def take(self, lock: Lock) -> bool:
        """A retraining that was decided, and never asked for, is taken up again; false where somebody was faster."""
        return self._put_item(self._put_lock(lock))

    def _put_item(self, change: dict[str, Any]) -> bool:
        try:
            self._client.put_item(**change["Put"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _write(self, entry: Entry, changes: list[dict[str, Any]]) -> bool:
        try:
            return self._ledger.append_with(entry, changes).is_new
        except ConditionFailedError:
            return False

    def _entry(
        self,
        event: EventName,
        decision: DriftDecision,
        actor: Actor,
        details: dict[str, Any],
        before: DriftDecision | None = None,
    ) -> Entry:
        return Entry(
            chain=self._chain,
            event=event,
            key=f"{event}#{decision.decision_id}",
            actor=actor,
            subject=f"drift:{decision.decision_id}",
            old=None if before is None else _outcome(before),
            new=_outcome(decision),
            details=details,
        )

    def _look(self, endpoint: str, item: str) -> str | None:
        text = self._fetch(endpoint, item)
        if text is not None:
            self._read[item] = text
        return text

    def _fetch(self, endpoint: str, item: str) -> str | None:
        key = MonitoringTable.key(endpoint, item)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return str(answer["Item"][DOCUMENT]["S"]) if "Item" in answer else None

    def _put_decision(self, decision: DriftDecision, is_new: bool) -> dict[str, Any]:
        item = decision_item(decision.decision_id)
        return self._put(decision.report.endpoint, item, decision.model_dump_json(), is_new)

    def _put_lock(self, lock: Lock) -> dict[str, Any]:
        return self._put(lock.after.endpoint, RETRAINING, lock.after.model_dump_json(), lock.before is None)

    def _put(self, endpoint: str, item: str, text: str, is_new: bool) -> dict[str, Any]:
        """On the condition that what was read here is still there, or that nothing is."""
        unchanged: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(endpoint)"}
        if not is_new:
            unchanged = {
                "ConditionExpression": "#document = :before",
                "ExpressionAttributeNames": {"#document": DOCUMENT},
                "ExpressionAttributeValues": {":before": {"S": self._read[item]}},
            }
        stored = {**MonitoringTable.key(endpoint, item), DOCUMENT: {"S": text}}
        return {"Put": {"TableName": self._table, "Item": stored, **unchanged}}


def _once_for(entry: Entry, occasion: str) -> Entry:
    """What may happen to a decision more than once is recorded once for each occasion."""
    return entry.model_copy(update={"key": f"{entry.key}#{occasion}"})


def _outcome(decision: DriftDecision) -> dict[str, str]:
    return {"decide": decision.decide, "because": decision.because}
