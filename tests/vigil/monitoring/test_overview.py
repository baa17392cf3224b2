"""What the Monitoring page is made from, by reports and decisions as they are recorded."""

from __future__ import annotations

import random

from monitoring_examples import ARTEFACT, SERVING, WEEKS, decisions, files, report, reports, window

from vigil.monitoring.models import Monitor, Violation, WindowReport, WindowStatus
from vigil.monitoring.overview import overview
from vigil.monitoring.shown import Overview, Standing, WindowFiles
from vigil.monitoring.verdicts import Verdict


def shown(given: list[WindowReport]) -> Overview:
    return overview(SERVING, given, decisions(), files())


def standing(found: Overview, monitor: Monitor) -> Standing:
    return next(each for each in found.standings if each.monitor is monitor)


def test_the_order_in_which_reports_come_and_repeated_ones_change_nothing() -> None:
    given = reports()
    mixed = given + given[:9]
    random.Random(6).shuffle(mixed)
    assert shown(mixed) == shown(given)


def test_a_state_holds_since_the_first_window_of_its_unbroken_run() -> None:
    found = shown(reports())
    data = standing(found, Monitor.DATA_QUALITY)
    assert (data.status, data.since, data.windows) == (WindowStatus.VIOLATIONS, window(WEEKS - 2).start, 2)
    assert standing(found, Monitor.MODEL_QUALITY).windows == 1
    assert standing(found, Monitor.ATTRIBUTION).since == window(1).start  # the window before is another model's


def test_a_model_that_was_not_monitored_has_no_state_and_is_no_all_clear() -> None:
    found = shown([each for each in reports() if each.artefact_digest != ARTEFACT])
    assert {each.status for each in found.standings} == {None}
    assert found.new and found.quiet and not found.violated
    assert [row.earlier_model for row in found.grid] == [True]
    assert found.performance == () and found.coverage == ()


def test_too_few_cases_are_no_all_clear() -> None:
    fine = [report(3, monitor) for monitor in Monitor]
    assert not shown(fine).quiet
    assert shown([*fine[:3], report(3, Monitor.ATTRIBUTION, status=WindowStatus.TOO_FEW)]).quiet


def test_only_windows_of_the_model_in_service_are_held_against_its_baseline() -> None:
    auroc = shown(reports()).performance[0]
    assert (auroc.title, auroc.baseline) == ("AUROC", 0.886)
    assert [point.window for point in auroc.points] == [window(week) for week in range(1, WEEKS)]


def test_a_point_is_violated_only_where_its_own_measure_broke_a_constraint() -> None:
    trends = {trend.name: trend for trend in shown(reports()).performance}
    calibration = [point.verdict for point in trends["calibration_error"].points]
    assert calibration == [Verdict.FINE] * (WEEKS - 2) + [Verdict.VIOLATED]
    assert {point.verdict for point in trends["auroc"].points} == {Verdict.FINE}
    assert {point.verdict for point in trends["coverage"].points} == {Verdict.NOT_JUDGED}  # it has no limit


def test_every_broken_metric_of_a_group_is_told_though_few_are_drawn() -> None:
    broken = Violation(feature="sex=F", check="bias_drift_check", metric="AD", description="it changed")
    last = report(5, Monitor.BIAS, violations=(broken,), violation_count=1, status=WindowStatus.VIOLATIONS)
    found = shown([report(4, Monitor.BIAS), last])
    assert found.bias_broken == (broken,)
    assert shown([last, report(6, Monitor.BIAS)]).bias_broken == ()


def test_the_grid_has_the_newest_window_first_and_holes_where_a_monitor_did_not_run() -> None:
    given = [each for each in reports() if (each.window, each.monitor) != (window(4), Monitor.BIAS)]
    grid = shown(given).grid
    assert [row.window for row in grid] == [window(week) for week in reversed(range(WEEKS))]
    assert set(grid[3].reports) == set(Monitor) - {Monitor.BIAS}


def test_decisions_come_latest_first() -> None:
    found = shown(reports()).decisions
    assert [each.decided_at for each in found] == sorted((each.decided_at for each in found), reverse=True)


def test_without_a_baseline_trends_have_no_line() -> None:
    assert {trend.baseline for trend in overview(SERVING, reports(), [], WindowFiles()).performance} == {None}
