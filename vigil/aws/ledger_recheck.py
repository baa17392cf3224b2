"""Each hour: read the ledger again from its beginning, as far as the time goes, and say loudly what does not hold."""

from __future__ import annotations

import time
from typing import Any

from vigil.audit.checkpoint import is_ours
from vigil.audit.recheck import recheck
from vigil.aws.audit_ports import sealing_ports
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.objects import ObjectError, S3Uri, get_bytes, put_bytes
from vigil.aws.sealing import plain, tell
from vigil.aws.watchdog import RECHECKED, count

ALTERED = "LedgerAltered"
LEFT = "LedgerChainsLeft"
SECONDS = 12 * 60  # of the fifteen minutes that a function has
NEXT = "rechecks/next"  # in the audit bucket: the chain to begin with, where the last call did not come to the end


def recheck_stack(parameters: StackParameters, seconds: float = SECONDS) -> dict[str, Any]:
    ports = sealing_ports(parameters)
    newest = ports.store.newest(lambda checkpoint: is_ours(checkpoint, ports.signer)).checkpoint
    end = time.monotonic() + seconds
    place = S3Uri(parameters.buckets.audit, NEXT)
    begin = _kept(place)
    done = recheck(ports.source, newest, begin, lambda: time.monotonic() > end)
    tell(parameters, [*done.findings, *done.warnings])  # a warning is told once, and raises no alarm that would stay
    if done.next != begin:
        put_bytes(done.next.encode(), place)
    count({ALTERED: len(done.findings), LEFT: done.left, RECHECKED: int(done.left == 0)})
    return {
        "checkpoint": newest.number if newest else None, "chains": done.chains, "records": done.records,
        "left": done.left, "broken": plain(done.findings), "warnings": plain(done.warnings),
    }  # fmt: skip


def _kept(place: S3Uri) -> str:
    try:
        return get_bytes(place, aws_client("s3")).decode(errors="replace")
    except ObjectError:
        return ""
