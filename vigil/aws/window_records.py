"""A monitored window, recorded: the table's item and the ledger's record in one transaction.

What is recorded is what the monitor wrote (``window_documents``), never what an event says. Events come at least once
and in any order. The same report again changes nothing; a later report of the same window, with more labels, takes the
item's place, and the ledger keeps both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, model_chain
from vigil.aws.environment import StackParameters
from vigil.aws.ledger_ports import RequiredLedger
from vigil.aws.ledger_table import ConditionFailedError
from vigil.aws.monitoring_table import DOCUMENT, MonitoringTable, window_item
from vigil.digests import Sha256, digest_of
from vigil.moments import timestamp
from vigil.monitoring.models import WindowReport

FINISHED = "finished_at"
#: In the ledger; the table's item and the report's files have more.
VIOLATIONS_RECORDED = 20


class WindowEvent(BaseModel):
    """EventBridge's envelope around a ``WindowReport``."""

    model_config = ConfigDict(extra="ignore")

    source: Literal["vigil.monitoring"]
    detail_type: Literal["Monitoring Window Completed"] = Field(alias="detail-type")
    detail: WindowReport


class ForeignWindowError(Exception):
    """The report is about an endpoint that is not this stack's."""


@dataclass(frozen=True)
class RecordedWindow:
    """A report as its own file says it, and that file's SHA-256.

    ``run_key``: of the model that it is about; None where that is not known.
    """

    report: WindowReport
    document_digest: Sha256
    run_key: str | None


def record_window(window: RecordedWindow, parameters: StackParameters, actor: Actor, ledger: RequiredLedger) -> bool:
    """Whether this report is news.

    One that is older than what the table holds stays out of the table; the ledger has it all the same.
    Raises ``ForeignWindowError``.
    """
    report = window.report
    if report.endpoint != parameters.sagemaker.endpoint:
        raise ForeignWindowError(f"{report.endpoint} is not the endpoint of this stack: nothing is recorded")
    entry = window_monitored(window, actor)
    try:
        return ledger.append_with(entry, [_put(report, parameters.tables.monitoring)]).is_new
    except ConditionFailedError:
        return ledger.append_with(entry, ()).is_new


def run_key_of(report: WindowReport, serving: Mapping[str, str]) -> str | None:
    """Whose chain the window belongs to. ``serving``: what is recorded as serving; another model may by now."""
    return serving.get("run_key") if serving.get("artefact_digest") == report.artefact_digest else None


def window_monitored(window: RecordedWindow, actor: Actor) -> Entry:
    """In the chain of the model that was watched."""
    report, run_key = window.report, window.run_key
    told = report.model_dump(mode="json")
    found = {name: told[name] for name in ("monitor", "status", "cases", "labels", "violation_count", "report_uri")}
    return Entry(
        chain=STACK_CHAIN if run_key is None else model_chain(run_key),
        event=EventName.WINDOW_MONITORED,
        key=f"{EventName.WINDOW_MONITORED}#{report.id}#{report_digest(report)[:16]}",
        actor=actor,
        subject=f"{report.endpoint} {report.monitor} {report.window.key}",
        new=found,
        details={
            "window_id": report.id,
            "report_digest": report_digest(report),
            "document_digest": window.document_digest,
            "measures": told["measures"],
            "violations": told["violations"][:VIOLATIONS_RECORDED],
            "note": report.note,
            "finished_at": told["finished_at"],
            "artefact_digest": report.artefact_digest,
            "baseline_digest": report.baseline_digest,
            "plan_digest": report.plan_digest,
        },
    )


def report_digest(report: WindowReport) -> str:
    """Of what was found: a job that ran twice over the same data found the same, only later."""
    return digest_of(report.model_dump(mode="json", exclude={"finished_at"}))


def _put(report: WindowReport, table: str) -> dict[str, Any]:
    finished = timestamp(report.finished_at)
    item = {
        **MonitoringTable.key(report.endpoint, window_item(report.window, report.monitor)),
        DOCUMENT: {"S": report.told().model_dump_json()},
        "window_id": {"S": report.id},
        "status": {"S": report.status.value},
        FINISHED: {"S": finished},
    }
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#endpoint) OR #finished <= :finished",
            "ExpressionAttributeNames": {"#endpoint": "endpoint", "#finished": FINISHED},
            "ExpressionAttributeValues": {":finished": {"S": finished}},
        }
    }
