"""Times in definitions and data: RFC 3339 with an upper-case T and an offset or Z.

https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")
MICROSECONDS = 6


def seconds_of(value: Any) -> float | None:
    """Seconds since the epoch; None for anything that is no such time."""
    match = RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    fraction = (match[2] or "0")[:MICROSECONDS].ljust(MICROSECONDS, "0")
    try:
        return datetime.fromisoformat(f"{match[1]}.{fraction}{match[3]}").timestamp()
    except ValueError:
        return None
