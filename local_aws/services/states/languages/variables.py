"""Limits of what states assign.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-limits
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.errors import DATA_LIMIT_EXCEEDED, StateError
from local_aws.services.states.jsontext import MAX_BYTES, dumps, size

#: Of one variable, and of all that one state assigns.
MAX_ASSIGNED_BYTES = MAX_BYTES
#: Of all variables of an execution.
MAX_STORED_BYTES = 10 * 1024 * 1024


def check_sizes(assigned: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """``stored`` are the variables that the state can read. Raises ``StateError`` States.DataLimitExceeded."""
    if not assigned:
        return
    sizes = {name: size(dumps(value)) for name, value in assigned.items()}
    largest = max(sizes, key=lambda name: sizes[name])
    if sizes[largest] > MAX_ASSIGNED_BYTES:
        raise _too_large(f"The variable '{largest}' is larger than {MAX_ASSIGNED_BYTES} bytes.")
    if sum(sizes.values()) > MAX_ASSIGNED_BYTES:
        raise _too_large(f"The variables of one Assign are together larger than {MAX_ASSIGNED_BYTES} bytes.")
    kept = sum(size(dumps(value)) for name, value in stored.items() if name not in assigned)
    if kept + sum(sizes.values()) > MAX_STORED_BYTES:
        raise _too_large(f"The variables of the execution are together larger than {MAX_STORED_BYTES} bytes.")


def _too_large(cause: str) -> StateError:
    return StateError(DATA_LIMIT_EXCEEDED, cause, terminal=True)
