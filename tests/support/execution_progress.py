"""What a run on local_aws's engine is read as by ``vigil.executions``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from state_machines import StatesWorld

from vigil.approvals.redaction import redact
from vigil.executions.graph import read_graph
from vigil.executions.models import Progress
from vigil.executions.progress import read_progress

ReadsProgress = Callable[[str], Progress]


def progress_of(world: StatesWorld, definition: dict[str, Any], execution: str) -> Progress:
    return read_progress(read_graph(definition), redact(world.events(execution)))
