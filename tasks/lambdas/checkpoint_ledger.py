"""Seals the ledger each minute: signs the heads of its chains, if they continue from the last checkpoint."""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import load_parameters
from vigil.aws.sealing import seal_stack

_newest = 0  # of this process: where to begin to look for the newest checkpoint


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    global _newest
    done = seal_stack(load_parameters(), _newest)
    _newest = done.get("checkpoint") or _newest
    return done
