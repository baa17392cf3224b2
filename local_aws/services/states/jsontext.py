"""JSON text as Step Functions writes and accepts it."""

from __future__ import annotations

import json
from typing import Any

#: The most that a state's input, output or task result may hold.
#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_BYTES = 262_144


def dumps(value: Any) -> str:
    """Compact JSON; text outside ASCII stays as it is."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str) -> Any:
    """Parse strictly. Raises ``ValueError`` also for NaN and Infinity, which Python would take."""
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def size(text: str) -> int:
    """The size in bytes, as AWS counts it: UTF-8."""
    return len(text.encode())
