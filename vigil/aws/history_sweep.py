"""Each hour: the ends of the last two weeks whose event was lost, or whose history could not be archived then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from vigil.aws.history_archive import ArchivePorts, archive_end, is_recorded
from vigil.executions.archive import STATUS_OF_END

logger = logging.getLogger(__name__)

#: Step Functions redrives nothing that ended longer ago, and an event that is lost for so long was never sent.
LOOKS_BACK = timedelta(days=14)
NOT_ARCHIVED = "HistoriesNotArchived"  # the metric, in each hour
MOST_AT_ONCE = 20  # of one sweep, so that it ends in its time; the next one goes on


def archive_missed(ports: ArchivePorts, is_over: Callable[[], bool] = lambda: False) -> dict[str, int]:
    """Archive recent ends that the ledger does not have, until ``MOST_AT_ONCE`` are, or ``is_over`` says so.

    Those that cannot be archived are counted, and keep none of the others from it.
    """
    archived = failed = 0
    for arn, redrive in _recent_ends(ports):
        if archived >= MOST_AT_ONCE or is_over():
            break
        try:
            if not is_recorded(arn, redrive, ports):
                archive_end(arn, redrive, ports)
                archived += 1
        except Exception:  # the next sweep tries again
            logger.exception("the history of %s after %d redrives could not be archived", arn, redrive)
            failed += 1
    return {"archived": archived, "failed": failed}


def _recent_ends(ports: ArchivePorts) -> Iterator[tuple[str, int]]:
    since: datetime = ports.clock() - LOOKS_BACK
    for machine in ports.machines:
        for status in STATUS_OF_END.values():
            pages = ports.states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter=status)
            for execution in (each for page in pages for each in page["executions"]):
                if execution["stopDate"] >= since:
                    for redrive in range(int(execution.get("redriveCount", 0)) + 1):
                        yield str(execution["executionArn"]), redrive
