"""What is said of one figure of a window: violated, fine, or not judged; never fine where nothing was judged."""

from __future__ import annotations

import pytest
from monitoring_examples import report
from promoted_model import Promoted

from vigil.monitoring.models import Monitor, Violation, WindowStatus
from vigil.monitoring.verdicts import FIGURES, LARGEST_CHANGE, LIMITED, WINDOWS, Verdict, verdict_of

UNJUDGED = "not judged for want of cases or labels: age_band=0_17 (DPPL AD), region=US (AD)"


def broken(metric: str, feature: str = "sex=F") -> Violation:
    return Violation(feature=feature, check="a check", metric=metric, description="it changed")


@pytest.mark.parametrize(
    ("monitor", "measure", "metric", "expected"),
    [
        (Monitor.BIAS, "dppl_sex_F", "DPPL", Verdict.VIOLATED),
        (Monitor.BIAS, "dppl_sex_F", "AD", Verdict.FINE),
        (Monitor.BIAS, "dppl_age_band_65_up", "DPPL", Verdict.FINE),
        (Monitor.BIAS, LARGEST_CHANGE, "AD", Verdict.VIOLATED),
        (Monitor.DATA_QUALITY, "largest_distance", "js_distance", Verdict.VIOLATED),
        (Monitor.DATA_QUALITY, "largest_distance", "share_change", Verdict.FINE),
        (Monitor.DATA_QUALITY, "looks", "share_change", Verdict.NOT_JUDGED),
        (Monitor.MODEL_QUALITY, "brier", "brier", Verdict.VIOLATED),
        (Monitor.MODEL_QUALITY, "recall_at_capacity", "brier", Verdict.NOT_JUDGED),
        (Monitor.ATTRIBUTION, "ndcg", "ndcg", Verdict.VIOLATED),
    ],
)
def test_a_figure_is_violated_by_its_own_limit_alone(
    monitor: Monitor, measure: str, metric: str, expected: Verdict
) -> None:
    found = report(5, monitor, violations=(broken(metric),), violation_count=1, status=WindowStatus.VIOLATIONS)
    assert verdict_of(found, measure) is expected


@pytest.mark.parametrize("monitor", list(Monitor))
def test_nothing_is_fine_in_a_window_of_too_few_cases(monitor: Monitor) -> None:
    found = report(5, monitor, status=WindowStatus.TOO_FEW)
    assert {verdict_of(found, name) for name in [*found.measures, *LIMITED[monitor]]} == {Verdict.NOT_JUDGED}


def test_groups_that_the_bias_monitor_could_not_judge_are_not_fine() -> None:
    found = report(5, Monitor.BIAS, note=UNJUDGED)
    told = {name: verdict_of(found, name) for name in ("dppl_age_band_0_17", "dppl_region_US", "dppl_sex_F")}
    assert list(told.values()) == [Verdict.NOT_JUDGED, Verdict.FINE, Verdict.FINE]


def test_the_limits_are_those_of_the_plan(promoted: Promoted) -> None:
    """A limit that the plan gains must be told of here too."""
    rules = promoted.plan.protocol.monitoring
    quality = {name.removesuffix("_drop").removesuffix("_rise") for name in type(rules.model_quality).model_fields}
    assert set(LIMITED[Monitor.MODEL_QUALITY]) == quality - {"minimum_labelled", "minimum_coverage", "reason"}
    data = {name.removeprefix("largest_") for name in LIMITED[Monitor.DATA_QUALITY]}
    assert data == set(type(rules.data_quality).model_fields) - {"minimum_cases", "alpha", "reason"}


def test_every_verdict_has_its_words() -> None:
    assert set(WINDOWS) == set(WindowStatus) and set(FIGURES) == set(Verdict)
