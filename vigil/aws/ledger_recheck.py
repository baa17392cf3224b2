"""Each hour: read the ledger again from its beginning, as far as the time goes, and say loudly what does not hold."""

from __future__ import annotations

import time
from typing import Any

from vigil.audit.checkpoint import is_ours
from vigil.audit.recheck import recheck
from vigil.aws.audit_ports import sealing_ports
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters
from vigil.aws.sealing import count, plain, tell

ALTERED = "LedgerAltered"
LEFT = "LedgerChainsLeft"
SECONDS = 12 * 60  # of the fifteen minutes that a function has
HOUR_SECONDS = 3600


def recheck_stack(parameters: StackParameters, seconds: float = SECONDS) -> dict[str, Any]:
    ports = sealing_ports(parameters)
    newest = ports.store.newest(lambda checkpoint: is_ours(checkpoint, ports.signer)).checkpoint
    end = time.monotonic() + seconds
    turn = int(server_time().timestamp()) // HOUR_SECONDS
    done = recheck(ports.source, newest, turn, lambda: time.monotonic() > end)
    tell(parameters, [*done.findings, *done.warnings])  # a warning is told once, and raises no alarm that would stay
    count({ALTERED: len(done.findings), LEFT: done.left})
    return {
        "checkpoint": newest.number if newest else None, "chains": done.chains, "records": done.records,
        "left": done.left, "broken": plain(done.findings), "warnings": plain(done.warnings),
    }  # fmt: skip
