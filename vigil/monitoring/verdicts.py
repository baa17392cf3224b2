"""What a monitor's report says of one of its figures, and the words of every verdict: one place for page and report.

A figure is fine only where it was held against a limit: in a window with too few cases, of a measure for which the plan
has no limit, or of a group that was not judged, it says nothing.
"""

from __future__ import annotations

import re
from enum import StrEnum

from vigil.monitoring.models import Monitor, WindowReport, WindowStatus


class Verdict(StrEnum):
    VIOLATED = "violated"
    FINE = "fine"
    NOT_JUDGED = "not-judged"


#: A kind, for the colour; a sign, for those who do not see it; words.
WINDOWS = {
    WindowStatus.OK: ("good", "✓", "fine"),
    WindowStatus.VIOLATIONS: ("bad", "✗", "violated"),
    WindowStatus.TOO_FEW: ("wait", "…", "too few to judge"),
}
NOT_RUN = ("muted", "–", "not run")
FIGURES = {
    Verdict.VIOLATED: ("bad", "✗", "violated"),
    Verdict.FINE: ("good", "✓", "fine"),
    Verdict.NOT_JUDGED: ("wait", "…", "not judged"),
}

#: By monitor: figures that have a limit in the plan, and the metrics (``Violation.metric``) that break it.
LIMITED = {
    Monitor.DATA_QUALITY: {
        "largest_distance": "js_distance",
        "largest_share_change": "share_change",
        "largest_completeness_drop": "completeness_drop",
        "largest_unknown_share_rise": "unknown_share_rise",
    },
    Monitor.MODEL_QUALITY: {name: name for name in ("auroc", "average_precision", "brier", "calibration_error")},
    Monitor.ATTRIBUTION: {"ndcg": "ndcg"},
    Monitor.BIAS: {},
}
#: The bias monitor's figure of all groups and metrics; the others are each a metric of a group.
LARGEST_CHANGE = "largest_change"
#: In the bias monitor's note: a group, and its metrics that could not be judged.
UNJUDGED = re.compile(r"(\w+=[\w-]+) \(([^)]+)\)")


def verdict_of(report: WindowReport, measure: str) -> Verdict:
    """Of one of ``report.measures``."""
    if measure in _broken(report):
        return Verdict.VIOLATED
    return (
        Verdict.FINE if report.status is not WindowStatus.TOO_FEW and _judged(report, measure) else Verdict.NOT_JUDGED
    )


def _broken(report: WindowReport) -> set[str]:
    if report.monitor is Monitor.BIAS:
        broken = {_of_group(each.metric, each.feature) for each in report.violations}
        return broken | ({LARGEST_CHANGE} if broken else set())
    metrics = {each.metric for each in report.violations}
    return {name for name, metric in LIMITED[report.monitor].items() if metric in metrics}


def _judged(report: WindowReport, measure: str) -> bool:
    if report.monitor is not Monitor.BIAS:
        return measure in LIMITED[report.monitor]
    unjudged = {
        _of_group(metric, group) for group, metrics in UNJUDGED.findall(report.note) for metric in metrics.split()
    }
    return measure not in unjudged


def _of_group(metric: str, group: str) -> str:
    """``dppl_sex_F`` of ``DPPL`` and ``sex=F``, as the bias monitor names its measures."""
    return f"{metric.lower()}_{group.replace('=', '_')}"
