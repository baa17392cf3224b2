"""Executions that ended long ago are forgotten, with all that belongs to them.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: AWS keeps an ended execution and its history
for 90 days; then its name is free again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from local_aws.services.states import history
from local_aws.services.states.maps.map_run_records import MapRunRecords
from local_aws.services.states.models import Execution
from local_aws.services.states.records import Records
from local_aws.services.states.redrive import frames as redrive


def forget_ended(records: Records, kept: timedelta, now: datetime) -> int:
    """Forget what ended longer ago than ``kept``; returns how many executions that were.

    Each is a transaction of its own, so that whoever else writes need not wait for all.
    """
    forgotten = 0
    for arn in records.stopped_before(now - kept):
        with records.store.transaction():
            execution = records.execution(arn)
            if execution is not None and _is_over(records, execution, now - kept):
                _forget(records, arn)
                forgotten += 1
    return forgotten


def _is_over(records: Records, execution: Execution, limit: datetime) -> bool:
    """The children of a map run stay while its execution does: its results are made from them."""
    if execution["stopped"] is None or execution["stopped"] >= limit:
        return False
    child_of = execution.get("child_of")
    parent = None if child_of is None else records.execution(child_of["parent"])
    return parent is None or _is_over(records, parent, limit)


def _forget(records: Records, arn: str) -> None:
    """A late answer to one of its tokens is told InvalidToken from now on."""
    records.delete_tokens(arn)
    redrive.forget(records, arn)
    MapRunRecords(records.store).forget(arn)
    records.store.drop(history.stream(arn))
    records.delete_execution(arn)
