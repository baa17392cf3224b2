"""Reads the ledger again each hour, from its beginning: a record that was put over after it was sealed is found."""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import load_parameters
from vigil.aws.ledger_recheck import recheck_stack


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return recheck_stack(load_parameters())
