"""What a window with violations leads to, by the plan's rules; and what never happens, whatever the situation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from drift_cases import ENDPOINT, NEW, NOW, SERVING, real_plan, report, rules, situation, violation, week
from hypothesis import given
from hypothesis import strategies as st

from vigil.change_control.monitoring_rules import DriftRule
from vigil.monitoring.decide import INSTEAD, NO_RULE, Situation, decide, needs_new_data
from vigil.monitoring.explain_decision import LONGEST, training_reason
from vigil.monitoring.models import (
    VIOLATIONS_TOLD,
    Because,
    Decide,
    DriftDecision,
    Monitor,
    NewData,
    Violation,
    WindowReport,
    WindowStatus,
)
from vigil.monitoring.retraining import Running

OLDER, NEWER = NOW - timedelta(days=8), NOW - timedelta(days=6)


@pytest.mark.parametrize(
    ("monitor", "violations", "rule", "wanted"),
    [
        (Monitor.MODEL_QUALITY, 1, "quality-fell", Decide.RETRAIN),
        (Monitor.DATA_QUALITY, 2, "reports-changed", Decide.RETRAIN),
        (Monitor.DATA_QUALITY, 1, "column-changed", Decide.INVESTIGATE),
        (Monitor.ATTRIBUTION, 1, "reasons-changed", Decide.RETRAIN),
        (Monitor.BIAS, 1, "groups-diverge", Decide.INVESTIGATE),
    ],
)
def test_the_first_rule_of_the_plan_that_matches_decides(
    monitor: Monitor, violations: int, rule: str, wanted: Decide
) -> None:
    found = decide(report(monitor, violations), rules(), situation())
    assert (found.rule, found.wanted, found.decide, found.because) == (rule, wanted, wanted, Because.RULE)
    assert found.may_override == ("model-owner", "model-owner-deputy")
    assert found.coalesced_into is None


@pytest.mark.parametrize(
    ("changes", "because", "decided"),
    [
        ({"serving": "c" * 64}, Because.OTHER_MODEL, Decide.IGNORE),
        ({"serving": None}, Because.OTHER_MODEL, Decide.IGNORE),
        ({"running": Running("d1")}, Because.IN_PROGRESS, Decide.IGNORE),
        ({"last_retrained_at": NEWER}, Because.COOL_DOWN, Decide.IGNORE),
        ({"new_data": NewData()}, Because.NOTHING_NEW, Decide.INVESTIGATE),
        ({"new_data": NewData(quarters=("2025Q4",), cases=499)}, Because.TOO_LITTLE_NEW_DATA, Decide.INVESTIGATE),
        ({"new_data": NewData(quarters=("2025Q4",), cases=500)}, Because.RULE, Decide.RETRAIN),
        ({"last_retrained_at": OLDER}, Because.RULE, Decide.RETRAIN),
    ],
)
def test_what_stands_in_the_way_of_a_retraining_is_named(
    changes: dict[str, object], because: Because, decided: Decide
) -> None:
    found = decide(report(), rules(), situation(**changes))
    assert (found.wanted, found.because, found.decide) == (Decide.RETRAIN, because, decided)
    assert found.coalesced_into == ("d1" if because is Because.IN_PROGRESS else None)


def test_a_training_that_people_asked_for_is_waited_for_as_well_and_named() -> None:
    found = decide(report(), rules(), situation(running=Running(training="train-7")))
    assert (found.because, found.decide, found.coalesced_into) == (Because.IN_PROGRESS, Decide.IGNORE, None)
    assert "training train-7 is in progress" in found.explanation


def test_the_cool_down_ends_to_the_second() -> None:
    seconds = timedelta(seconds=rules().cool_down_seconds)
    assert decide(report(), rules(), situation(last_retrained_at=NOW - seconds)).because is Because.RULE
    just_before = NOW - seconds + timedelta(seconds=1)
    assert decide(report(), rules(), situation(last_retrained_at=just_before)).because is Because.COOL_DOWN


def test_only_features_that_broke_the_rules_check_count_each_once_and_those_that_were_cut_do_too() -> None:
    rule = DriftRule(name="own", monitor="data-quality", check="missing_column_check", features=2, decide="retrain",
                     reason="r")  # fmt: skip
    of_check = (violation("x", check="missing_column_check"), violation("y"))
    twice = with_violations((*of_check, of_check[0]))
    assert decide(twice, rules(rules=[rule]), situation()).rule == NO_RULE
    other = violation("z", check="missing_column_check")
    many = (*(violation(f"c{number}") for number in range(VIOLATIONS_TOLD)), of_check[0], other)
    found = decide(with_violations(many), rules(rules=[rule]), situation())
    assert found.rule == "own"
    assert len(found.report.violations) == VIOLATIONS_TOLD
    assert found.report.violation_count == VIOLATIONS_TOLD + 2


def with_violations(found: tuple[Violation, ...]) -> WindowReport:
    return report().model_copy(update={"violations": found, "violation_count": len(found)})


@pytest.mark.parametrize("status", [WindowStatus.OK, WindowStatus.TOO_FEW])
def test_a_window_whose_report_has_no_violations_leads_to_nothing(status: WindowStatus) -> None:
    found = decide(report(status=status), rules(), situation())
    assert (found.rule, found.decide) == (NO_RULE, Decide.IGNORE)
    assert "no rule of the plan applies" in found.explanation


def test_the_explanation_says_what_moved_how_far_when_against_what_by_which_rule_and_why() -> None:
    text = decide(report(violations=10), rules(), situation(running=Running("0123456789abcdef"))).explanation
    for part in (
        "Monitor data-quality found 10 violations among 812 cases that triage answered from 2026-03-02 05:00 to "
        "2026-03-09 05:00 UTC",
        f"against baseline {'b' * 12} of model {'a' * 12}",
        "column_0, js_distance 0.31 (limit 0.1); column_1",
        "and 2 more",
        "The plan's rule reports-changed (from 2 features on) says retrain: several columns moved together",
        "Decided: ignore; the retraining of decision 0123456789abcdef is in progress",
    ):
        assert part in text, part
    assert (
        "there is 2025Q4, with 5000 labelled reports that the model does not know"
        in decide(report(), rules(), situation()).explanation
    )
    assert "asks for 500" in decide(
        report(), rules(), situation(new_data=NewData(quarters=("2025Q4",), cases=3))
    ).explanation  # fmt: skip


def test_new_data_are_asked_for_only_where_they_decide() -> None:
    unknown = situation(new_data=NewData())
    assert needs_new_data(report(), rules(), unknown)
    assert not needs_new_data(report(violations=1), rules(), unknown)
    assert not needs_new_data(report(), rules(), situation(new_data=NewData(), running=Running("d1")))
    assert not needs_new_data(report(status=WindowStatus.OK), rules(), unknown)


moments = st.datetimes(datetime(2026, 2, 20), datetime(2026, 3, 10, 6), timezones=st.just(UTC))
new_data = st.builds(
    NewData,
    quarters=st.sampled_from([(), ("2025Q4",)]),
    cases=st.integers(0, 2000),
    archives=st.just(("s3://a/b.zip",)),
)
situations = st.builds(
    Situation,
    serving=st.sampled_from([SERVING, "c" * 64, None]),
    running=st.sampled_from([None, Running("d1")]),
    last_retrained_at=st.none() | moments,
    new_data=new_data,
    now=st.just(NOW),
)
texts = st.text(min_size=1, max_size=300)
violations = st.builds(
    lambda feature, measured, limit: violation(feature, measured=measured, limit=limit),
    texts, st.none() | st.floats(allow_nan=False, allow_infinity=False), st.none() | st.floats(0, 1),
)  # fmt: skip
reports = st.builds(
    lambda monitor, number, found, status: report(monitor, window=week(number), status=status).model_copy(
        update={"violations": tuple(found), "violation_count": len(found)}
    ),
    st.sampled_from(list(Monitor)), st.integers(0, 3), st.lists(violations, max_size=12),
    st.sampled_from(list(WindowStatus)),
)  # fmt: skip


@given(reports, situations)
def test_whatever_happens_a_retraining_needs_a_free_place_a_cool_down_and_something_new(
    window: WindowReport, now: Situation
) -> None:
    found = decide(window, rules(), now)
    if found.decide is Decide.RETRAIN:
        assert now.running is None
        assert now.serving == window.artefact_digest
        assert now.new_data.quarters
        assert now.new_data.cases >= rules().minimum_new_cases
        assert now.last_retrained_at is None or NOW - now.last_retrained_at >= timedelta(
            seconds=rules().cool_down_seconds
        )
        assert found.wanted is Decide.RETRAIN
    assert (found.decide is found.wanted) or found.decide is INSTEAD[found.because]
    assert (found.coalesced_into is not None) == (found.because is Because.IN_PROGRESS)


def test_the_same_data_are_not_tried_twice_by_themselves() -> None:
    before = decide(report(), rules(), situation())
    found = decide(report(window=week(1)), rules(), situation(tried=before))
    assert (found.because, found.decide) == (Because.NOTHING_NEW, Decide.INVESTIGATE)
    assert f"just 2025Q4 was tried for decision {before.decision_id} of 2026-03-10 before" in found.explanation
    assert NEW.is_same(before.new_data)
    for other in ({"cases": 5001}, {"archives": ("s3://raw/landing/b.zip",)}):
        assert not NEW.is_same(NEW.model_copy(update=other))


def test_what_two_models_answered_in_one_window_is_decided_on_twice() -> None:
    """After a change in the middle of a window, a verdict on the old model must not stand for the new one."""
    old, new = report(), report(artefact_digest="c" * 64)
    assert old.window == new.window
    assert old.id != new.id


@given(reports, situations)
def test_the_same_event_gives_the_same_record_to_the_byte(window: WindowReport, now: Situation) -> None:
    first, second = decide(window, rules(), now), decide(window, rules(), now)
    assert first.model_dump_json() == second.model_dump_json()
    assert first.decision_id == window.id == window.told().id
    assert len(first.explanation) <= LONGEST
    assert DriftDecision.model_validate_json(first.model_dump_json()) == first
    assert len(training_reason(first.decision_id, window, first.rule)) <= 500


@given(st.lists(st.tuples(reports, st.integers(0, 20)), min_size=2, max_size=12))
def test_however_windows_follow_each_other_no_two_retrainings_lie_within_a_cool_down(
    events: list[tuple[WindowReport, int]],
) -> None:
    """The lock is held for three days here; the record of a window is written once."""
    at, last, known = NOW, None, {}
    for window, days in events:
        at += timedelta(days=days)
        running = Running("d1") if last is not None and at - last < timedelta(days=3) else None
        found = decide(window, rules(), Situation(SERVING, running, last, NEW, at))
        if window.id in known:
            continue
        known[window.id] = found
        if found.decide is Decide.RETRAIN:
            assert last is None or at - last >= timedelta(days=7)
            last = at


def test_windows_of_other_endpoints_and_monitors_have_other_decisions() -> None:
    ids = {report(monitor, endpoint=endpoint, window=week(number)).id
           for monitor in Monitor for endpoint in (ENDPOINT, "other") for number in range(2)}  # fmt: skip
    assert len(ids) == 16
    assert real_plan().modification_protocol.retraining.drift.rules
