from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from watched_model import NOON, WEEK, report

from vigil.monitoring.models import (
    Because,
    Decide,
    DriftDecision,
    LabelCounts,
    Monitor,
    Violation,
    Window,
    WindowReport,
    WindowStatus,
)
from vigil.monitoring.weekly.page import render, verdict

QUIET: dict[str, Any] = {"status": WindowStatus.OK, "violations": (), "violation_count": 0}


def quiet(monitor: Monitor, **changes: Any) -> WindowReport:
    return report(monitor, **QUIET | changes)


def earlier(weeks: int) -> Window:
    return Window(start=WEEK.start - timedelta(weeks=weeks), end=WEEK.end - timedelta(weeks=weeks))


@pytest.fixture(scope="module")
def page() -> str:
    auroc = {"auroc": {"value": 0.87, "low": 0.85, "high": 0.89}}
    reports = [report(monitor, measures=auroc) for monitor in Monitor if monitor is not Monitor.BIAS]
    reports += [quiet(Monitor.MODEL_QUALITY, window=earlier(weeks), measures=auroc) for weeks in (1, 2, 30)]
    decision = DriftDecision(
        decision_id="abc", report=report(), rule="reports-changed", wanted=Decide.RETRAIN, decide=Decide.IGNORE,
        because=Because.COOL_DOWN, explanation="a <b>training</b> ended three days ago", may_override=("model-owner",),
        decided_at=NOON,
    )  # fmt: skip
    return render("triage", WEEK, reports, [decision])


def test_it_says_what_moved_and_which_monitor_said_nothing(page: str) -> None:
    assert "Something moved" in page
    assert "the distribution of sender moved" in page
    assert "– not run" in page
    assert "labelled" in page and "450 (50.0%)" in page


def test_figures_over_time_have_their_interval_in_words_too(page: str) -> None:
    assert "model-quality: auroc" in page
    assert "last 0.870 (0.850 to 0.890)" in page


def test_what_is_older_than_a_quarter_is_left_out(page: str) -> None:
    assert "5 reports in 13 weeks" in page


def test_it_asks_nothing_of_anybody_and_runs_nothing(page: str) -> None:
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["'](?!#)""", page)
    assert "a &lt;b&gt;training" in page


def test_the_same_reports_give_the_same_bytes(page: str) -> None:
    reports = [quiet(monitor) for monitor in Monitor]
    assert render("triage", WEEK, reports, []) == render("triage", WEEK, reports[::-1], [])


def test_only_four_clean_monitors_are_an_all_clear() -> None:
    clean = [quiet(monitor) for monitor in Monitor]
    assert verdict(clean) == "ok"
    assert verdict(clean[1:]) == "too-few"
    assert verdict([*clean[1:], report(Monitor.ATTRIBUTION)]) == "violations"
    assert verdict([*clean[1:], quiet(Monitor.DATA_QUALITY, status=WindowStatus.TOO_FEW)]) == "too-few"
    assert verdict([]) == "too-few"


def test_a_first_week_without_any_window_is_a_page(page: str) -> None:
    empty = render("triage", WEEK, [], [])
    assert "No window has been monitored yet" in empty
    assert "No all-clear" in empty


def test_a_thousand_violations_are_cut_and_counted() -> None:
    one = Violation(feature="sender", check="c", metric="m", description="moved")
    many = report(violations=(one,) * 100, violation_count=1000, labels=LabelCounts(scored=3))
    text = render("triage", WEEK, [many], [])
    assert text.count("<td>sender</td>") == 40
    assert "The first 40 of 1000" in text
