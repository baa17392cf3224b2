"""The minute's sweep over runs that no state of theirs could record: they were stopped, or nothing could be recorded.

A run that was stopped may be redriven for a fortnight; until then its model package waits.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from vigil.aws.executions import EndedExecution, Executions
from vigil.aws.outcomes import ROLLBACK, OutcomeEvent, OutcomePorts, failed_as, record_outcome, reject_package
from vigil.aws.run_records import STOPPED, has_ended

logger = logging.getLogger(__name__)

#: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html: nothing that ended longer ago.
REDRIVABLE = timedelta(days=14)


def record_stopped(state_machine: str, executions: Executions, ports: OutcomePorts) -> list[str]:
    """Record ends that are not recorded, and give up what can no longer be redriven. Gives the ARNs of the former."""
    done = []
    for status in ("ABORTED", "TIMED_OUT", "FAILED"):
        for ended in executions.recently_ended(state_machine, status):
            try:
                if _record(ended, executions, ports):
                    done.append(ended.arn)
            except Exception:  # the next sweep tries again; the others must not wait for this one
                logger.exception("the end of %s could not be recorded", ended.arn)
    return done


def _record(ended: EndedExecution, executions: Executions, ports: OutcomePorts) -> bool:
    record = ports.records.get(ended.arn) or {}
    if has_ended(record, ended.redrives):
        _give_up(ended.arn, record, ports)
        return False
    described = executions.describe(ended.arn)
    if described["status"] == "RUNNING":  # redriven since it was listed
        return False
    record_outcome(_ended_event(described, ended.arn, record), ports)
    return True


def _give_up(arn: str, record: Mapping[str, str], ports: OutcomePorts) -> None:
    """Reject the package of a run that was stopped and not redriven in time."""
    package, now = record.get("model_package_arn"), ports.clock()
    if record["outcome"] != STOPPED or not package or record.get("kind") == ROLLBACK or "given_up_at" in record:
        return
    # Recorded after it had ended, so never too early.
    if now >= datetime.fromisoformat(record["ended_at"]) + REDRIVABLE:
        reject_package(package, STOPPED, record["reason"], ports.packages)
        ports.records.give_up(arn, now)


def _ended_event(described: Mapping[str, Any], arn: str, record: Mapping[str, str]) -> OutcomeEvent:
    """The run can no longer say what it was: its record does."""
    status = str(described["status"])
    cause = str(described.get("cause") or described.get("error") or f"the execution was {status.lower()}")
    return OutcomeEvent(
        execution_arn=arn,
        outcome=failed_as(described) if status == "FAILED" else STOPPED,
        cause=cause,
        run=_of(record, "requested_by", "dataset_version", "kind"),
        candidate=_of(record, "model_package_arn"),
        redrives=int(described.get("redriveCount", 0)),
    )


def _of(record: Mapping[str, str], *names: str) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}
