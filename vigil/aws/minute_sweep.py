"""What is looked after each minute. The parts are independent: one that fails does not keep the others from running."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

logger = logging.getLogger(__name__)

FAILED = "failed: "


def run_each(parts: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Each part's answer by its name, ``failed: <error's class>`` for one that raised; the log has the error."""
    return {name: _run(name, part) for name, part in parts.items()}


def failures(done: Mapping[str, Any]) -> list[str]:
    """The names of the parts that raised, or in which something did, from what ``run_each`` gave."""
    return [name for name, answer in done.items() if has_failed(answer)]


def has_failed(answer: Any) -> bool:
    """Whether an answer, or one of those in it, tells of an error."""
    if isinstance(answer, Mapping):
        return any(has_failed(each) for each in answer.values())
    return isinstance(answer, str) and FAILED in answer


def _run(name: str, part: Callable[[], Any]) -> Any:
    try:
        return part()
    except Exception as error:  # the next minute tries again
        logger.exception("the part %r of the sweep failed", name)
        return f"{FAILED}{type(error).__name__}"
