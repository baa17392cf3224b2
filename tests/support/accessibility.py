"""axe-core's judgement of a page or a frame, told so that a person can mend what it found."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page

# https://www.deque.com/axe/core-documentation/api-documentation/#axecore-tags
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OPTIONS = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}


def findings(where: Page | Frame) -> list[str]:
    """One text for each rule broken: the rule, what it asks for, and the elements with what to change."""
    # Only this document: Airflow's own UI around a frame is Airflow's to mend.
    results = Axe().run(where, context=None, options=OPTIONS)
    return [_told(violation) for violation in results.response["violations"]]


def assert_accessible(where: Page | Frame) -> None:
    found = findings(where)
    assert not found, f"axe found {len(found)} at {where.url}:\n" + "\n".join(found)


def _told(violation: dict[str, Any]) -> str:
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        lines += [f"    {node['html'][:200]}", f"      {node['failureSummary']}"]
    return "\n".join(lines)
