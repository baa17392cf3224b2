"""What each case of ``machines/`` proves of AWS; where histories recorded on AWS are known, ours are like them.

``evidence`` of a case is one of
- ``recorded``: a history of this behaviour was recorded on AWS and is publicly known; ``recorded.where`` names it and
  ``recorded.events`` states what it shows: the events in their order, to which earlier one each points back, the fields
  of its details. ``recorded.says`` states values of details, in the order of the events that have them.
- ``documented``: the page that ``source`` names states the event types, fields or values that are asserted.
- ``own``: it follows from the rules of other cases, or is a rule of local_aws.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

MACHINES = Path(__file__).parent / "machines"
PLANS = {path.name.removesuffix(".case.json"): json.loads(path.read_text()) for path in MACHINES.glob("*.case.json")}
RECORDED = sorted(case for case, plan in PLANS.items() if plan.get("evidence") == "recorded")
SOURCES = ("https://docs.aws.amazon.com/step-functions/", "local_aws: ")
PAGE = Path(__file__).parents[4] / "docs" / "local_aws" / "machines.md"


@pytest.mark.parametrize("case", sorted(PLANS))
def test_case_says_what_its_evidence_is(case: str) -> None:
    plan = PLANS[case]
    assert plan["source"].startswith(SOURCES)
    assert plan.get("evidence") in ("recorded", "documented", "own")
    assert (plan["evidence"] == "recorded") == ("recorded" in plan)
    if plan["evidence"] == "documented":
        assert re.match(r"https://docs\.aws\.amazon\.com/step-functions/latest/\w+/\S+\.html", plan["source"])
    if plan["evidence"] == "recorded":
        assert re.fullmatch(r"\S+/\S+ \S+\.snapshot\.json: \S+ \(recorded on AWS\)", plan["recorded"]["where"])


@pytest.mark.parametrize("case", RECORDED)
def test_history_is_like_the_one_recorded_on_aws(case: str) -> None:
    recorded = PLANS[case]["recorded"]
    history = json.loads((MACHINES / f"{case}.history.json").read_text())["history"]
    shown = [shape(event) for event in history]
    length = len(recorded["events"])
    starts = [at for at in range(len(shown) - length + 1) if shown[at : at + length] == recorded["events"]]
    assert starts, f"{recorded['events']} is no part of {shown}"
    events = history[starts[0] : starts[0] + length]
    for name, values in recorded.get("says", {}).items():
        assert [details(event)[name] for event in events if name in details(event)] == values


def shape(event: dict[str, Any]) -> str:
    """``TaskStarted -1 resource resourceType``: type, how far back it points, the fields of its details."""
    return " ".join([event["type"], str(event["previousEventId"] - event["id"]), *sorted(details(event))])


def details(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next((part for name, part in event.items() if name.endswith("EventDetails")), {})
    return found


def test_the_page_counts_the_evidence() -> None:
    counted = Counter(plan["evidence"] for plan in PLANS.values())
    [line] = [line for line in PAGE.read_text().splitlines() if line.startswith("**Evidence.**")]
    assert {kind: int(count) for count, kind in re.findall(r"(\d+) (recorded|documented|own)\b", line)} == counted
