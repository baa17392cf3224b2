"""A release: what the verified approval lets into service, and the record of what serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.approvals import records
from vigil.approvals.errors import SignatureInvalidError
from vigil.approvals.models import ApprovalRequest
from vigil.approvals.ports import VerificationPorts
from vigil.approvals.verify import verify_release
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry
from vigil.aws.endpoint_ledger import endpoint_changed, endpoint_left
from vigil.aws.environment import StackParameters
from vigil.aws.executions import Executions
from vigil.aws.ledger_ports import RequiredLedger
from vigil.aws.ledger_table import ConditionFailedError
from vigil.aws.model_packages import ModelPackages
from vigil.aws.release_facts import pace, release_of
from vigil.aws.release_models import MarkActiveEvent, Release
from vigil.aws.update_turns import await_turn, stop_earlier
from vigil.digests import digest_of
from vigil.moments import Clock, timestamp


class VerifyEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    approval_request_id: str
    requested_execution: str
    execution_arn: str


class ReleaseConflictError(Exception):
    """Another release has changed the record of the endpoint since this one began, or its model was rejected."""


def verify_approval(
    event: VerifyEvent,
    parameters: StackParameters,
    ports: VerificationPorts,
    models: ServingRecords,
    executions: Executions,
) -> Release:
    """Raises ``SignatureInvalidError`` unless the approval holds in every respect. Either way the ledger has it.

    Only then do others that run count: see ``await_turn``, which raises ``UpdateRunningError`` before the approval is
    used up. A roll-back stops others only once its own approval was good for it.
    """
    update_endpoint = parameters.state_machines.update_endpoint
    try:
        request = verify_release(
            event.approval_request_id,
            event.requested_execution,
            event.execution_arn,
            ports,
            lambda plan: pace(plan, parameters).model_dump(mode="json"),
            lambda good: await_turn(good.facts.kind, event.execution_arn, update_endpoint, executions),
        )
    except SignatureInvalidError as invalid:
        _record_refused(event, str(invalid), ports)
        raise
    if request.facts.kind == "rollback":
        stop_earlier(event.execution_arn, update_endpoint, executions)
    plan = ports.evidence.plan(request.facts.plan_digest)
    serving = models.serving(parameters.sagemaker.endpoint)
    recorded = models.package(request.facts.model_package_arn)
    return release_of(request, plan, event.execution_arn, parameters, serving, recorded)


def _record_refused(event: VerifyEvent, why: str, ports: VerificationPorts) -> None:
    request: ApprovalRequest | None = ports.store.get(event.approval_request_id)
    if request is not None:
        ports.ledger.append(records.release_refused(request, event.execution_arn, ports.clock(), why))
        return
    ports.ledger.append(  # a request that nobody knows belongs to no model
        Entry(
            chain=STACK_CHAIN,
            event=EventName.RELEASE_REFUSED,
            key=f"{EventName.RELEASE_REFUSED}#{digest_of([event.model_dump(), timestamp(ports.clock())])}",
            actor=records.VERIFIER,
            subject=event.approval_request_id[:1024] or "none",
            details={"execution_arn": event.execution_arn, "why": why},
        )
    )


class ServingRecords:
    """The models table: ``endpoint#<name>`` says what serves, each model package whether it is ACTIVE or RETIRED."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def serving(self, endpoint: str) -> dict[str, str]:
        """What serves at the endpoint; empty where nothing was recorded."""
        return self.package(_endpoint_id(endpoint))

    def package(self, model_package_arn: str) -> dict[str, str]:
        """What is recorded of a model package (status, baseline, comparisons); empty where nothing was."""
        answer = self._client.get_item(TableName=self._table, Key=_key(model_package_arn), ConsistentRead=True)
        return {name: str(next(iter(value.values()))) for name, value in answer.get("Item", {}).items()}

    def note(self, model_package_arn: str, facts: Mapping[str, str], once: str | None = None) -> dict[str, Any]:
        """The change that adds ``facts`` to a package's item: for a transaction with the ledger's record.

        ``once``: one of the facts; the change is refused where another value of it is recorded already.
        """
        names = {f"#{number}": name for number, name in enumerate(facts)}
        change: dict[str, Any] = {
            "TableName": self._table,
            "Key": _key(model_package_arn),
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name[1:]}" for name in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {f":{n}": {"S": value} for n, value in enumerate(facts.values())},
        }
        if once is not None:
            number = list(facts).index(once)
            change["ConditionExpression"] = f"attribute_not_exists(#{number}) OR #{number} = :{number}"
        return {"Update": change}

    def activate(self, event: MarkActiveEvent, at: str, actor: Actor, ledger: RequiredLedger) -> None:
        """In one transaction the new package becomes ACTIVE, the old one RETIRED; the endpoint's record and the chains
        of both models say so.

        Doing it again for the same execution changes nothing. Raises ``ReleaseConflictError``, also where what served
        when the release began is no longer what is recorded.
        """
        release = event.release
        before = self.before(event)
        if before.get("execution_arn") == event.execution_arn:
            return
        entry = endpoint_changed(event, before, actor)
        try:
            recorded = ledger.append_with(entry, self._changes(event, before, at), endpoint_left(event, before, actor))
        except ConditionFailedError as error:
            if self.serving(release.endpoint_name).get("execution_arn") == event.execution_arn:
                return  # our own write, whose answer had been lost
            raise ReleaseConflictError(f"another release of {release.endpoint_name} was recorded meanwhile") from error
        # What serves was read before: had our own earlier try stored it, it would have been seen.
        if not recorded.is_new and self.serving(release.endpoint_name).get("execution_arn") != event.execution_arn:
            raise ReleaseConflictError(f"{entry.key} is recorded, the change of {release.endpoint_name} is not")

    def before(self, event: MarkActiveEvent) -> dict[str, str]:
        """What is recorded as serving. Raises ``ReleaseConflictError`` unless it is ours or as when we began."""
        found = self.serving(event.release.endpoint_name)
        champion = event.release.champion
        expected = champion.execution_arn if champion else ""
        if found.get("execution_arn", "") not in (expected, event.execution_arn):
            raise ReleaseConflictError(
                f"{found['execution_arn']} has recorded another model for {event.release.endpoint_name} since this "
                "release began: that one stays"
            )
        return found

    def _changes(self, event: MarkActiveEvent, before: dict[str, str], at: str) -> list[dict[str, Any]]:
        release = event.release
        old = before.get("active_package", "")
        serving = {
            **_key(_endpoint_id(release.endpoint_name)),
            "active_package": {"S": release.model_package_arn},
            "previous_package": {"S": old},
            "run_key": {"S": release.run_key},
            "previous_run_key": {"S": before.get("run_key", "")},
            "artefact_digest": {"S": release.artefact_digest},
            "artefact_uri": {"S": release.artefact_uri},
            "baseline_uri": {"S": event.baseline.uri},
            "baseline_digest": {"S": event.baseline.digest},
            "plan_digest": {"S": event.baseline.plan_digest},
            "dataset_version": {"S": event.baseline.dataset_version},
            "approval_request_id": {"S": release.request_id},
            "model_name": {"S": event.model_name},
            "config_name": {"S": event.config_name},
            "execution_arn": {"S": event.execution_arn},
            "since": {"S": at},
        }
        unchanged: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(active_package)"}
        if old:
            unchanged = {
                "ConditionExpression": "active_package = :old AND execution_arn = :before",
                "ExpressionAttributeValues": {":old": {"S": old}, ":before": {"S": before["execution_arn"]}},
            }
        changes = [
            {"Put": {"TableName": self._table, "Item": serving, **unchanged}},
            self._status(release.model_package_arn, "ACTIVE", at),
        ]
        if old and old != release.model_package_arn:
            changes.append(self._status(old, "RETIRED", at))
        return changes

    def _status(self, package: str, status: str, at: str) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(package),
                "UpdateExpression": "SET #status = :status, changed_at = :at",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {":status": {"S": status}, ":at": {"S": at}},
            }
        }


def mark_active(
    event: MarkActiveEvent,
    records: ServingRecords,
    packages: ModelPackages,
    clock: Clock,
    actor: Actor,
    ledger: RequiredLedger,
) -> None:
    """First the registry, then the record of what serves with its records in the ledger: a retry does no harm.

    Raises ``ReleaseConflictError`` before anything is changed, also for a package that was rejected meanwhile.
    """
    release = event.release
    records.before(event)
    if packages.status(release.model_package_arn) == "Rejected":
        raise ReleaseConflictError(f"{release.model_package_arn} was rejected since its release began")
    packages.set_status(
        release.model_package_arn, "Approved", f"approval request {release.request_id}, signature verified"
    )
    records.activate(event, timestamp(clock()), actor, ledger)


def _endpoint_id(name: str) -> str:
    return f"endpoint#{name}"


def _key(identifier: str) -> dict[str, Any]:
    return {"model_package_arn": {"S": identifier}}
