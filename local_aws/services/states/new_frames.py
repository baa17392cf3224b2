"""The frame of a flow that begins."""

from __future__ import annotations

from typing import Any

from local_aws.services.states.models import Frame


def new_frame(execution: str, path: str, block: list[str | int], start: str, value: Any, previous: int) -> Frame:
    """A flow that has not entered its first state yet."""
    return {
        "execution": execution,
        "path": path,
        "block": block,
        "state": start,
        "input": value,
        "outer": {},
        "variables": {},
        "item": None,
        "previous": previous,
        "entered": None,
        "retries": {},
        "retry_count": 0,
        "wake": None,
        "task": None,
        "forks": 0,
        "fork": None,
        "outcome": None,
        "finished": None,
    }
