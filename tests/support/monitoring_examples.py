"""What the Monitoring page shows: invented figures of eight weeks, a sender's batch in the last, judged by the plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from candidate_evidence import real_plan
from pydantic import SecretStr

from vigil.approvals.models import PasswordProof
from vigil.models.models import Measure
from vigil.monitoring.decide import Situation, decide
from vigil.monitoring.models import (
    Decide,
    DriftDecision,
    LabelCounts,
    Monitor,
    NewData,
    Violation,
    Window,
    WindowReport,
    WindowStatus,
)
from vigil.monitoring.override import OverrideOrder, overridden
from vigil.monitoring.overview import overview
from vigil.monitoring.retraining import Running
from vigil.monitoring.shown import Overview, Schedule, Serving, WindowDetail, WindowFiles
from vigil.monitoring.verdicts import LARGEST_CHANGE
from vigil.monitoring.window_files import bias_figures, compared_columns, ranking_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ENDPOINT = "vigil-demo"
ARTEFACT, BASELINE, PLAN, EARLIER = "a" * 64, "b" * 64, "c" * 64, "e" * 64
PLAN_RULES = real_plan().protocol
RULES = PLAN_RULES.monitoring
NEW_DATA = NewData(quarters=("2025Q4",), cases=1266, archives=("faers_ascii_2025q4.zip",))
WEEKS = 8
LAST_END = datetime(2026, 3, 2, tzinfo=UTC)
AUROC = (0.887, 0.884, 0.889, 0.881, 0.885, 0.879, 0.882, 0.861)
BRIER = (0.131, 0.132, 0.129, 0.134, 0.133, 0.137, 0.135, 0.149)
CALIBRATION = (0.033, 0.036, 0.031, 0.038, 0.035, 0.041, 0.039, 0.112)
RECALL = (0.818, 0.816, 0.819, 0.811, 0.814, 0.808, 0.812, 0.801)
NDCG = (0.993, 0.991, 0.994, 0.990, 0.992, 0.988, 0.987, 0.942)
LABELLED = (2871, 2810, 2655, 2502, 2214, 1730, 1166, 686)
BIAS = {"dppl_sex_F": 0.021, "dppl_age_band_65_up": 0.084, "dppl_region_US": -0.142}
BASELINE_CASES = 1260


def window(week: int) -> Window:
    """``week`` counts from 0, the oldest."""
    end = LAST_END - timedelta(days=7 * (WEEKS - 1 - week))
    return Window(start=end - timedelta(days=7), end=end)


def report(week: int, monitor: Monitor, **changes: Any) -> WindowReport:
    labels = None
    if monitor is Monitor.MODEL_QUALITY:
        labels = LabelCounts(scored=3012 + week, labelled=LABELLED[week], late=LABELLED[week] // 3, duplicate=3 * week)
    return WindowReport(**({
        "endpoint": ENDPOINT,
        "monitor": monitor,
        "window": window(week),
        "status": WindowStatus.OK,
        "cases": 3012 + week,
        "labels": labels,
        "measures": _measures(week, monitor),
        "violation_count": 0,
        "artefact_digest": ARTEFACT,
        "baseline_digest": BASELINE,
        "plan_digest": PLAN,
        "report_uri": f"s3://vigil-demo-capture/reports/{ENDPOINT}/{monitor}/{window(week).key}/",
        "finished_at": window(week).end + timedelta(hours=5, minutes=4),
    } | changes))  # fmt: skip


def reports() -> list[WindowReport]:
    found = [report(week, monitor) for week in range(WEEKS) for monitor in Monitor]
    last = {
        Monitor.DATA_QUALITY: DATA_VIOLATIONS,
        Monitor.MODEL_QUALITY: QUALITY_VIOLATIONS,
    }
    changed = {
        (WEEKS - 1, monitor): report(
            WEEKS - 1, monitor, status=WindowStatus.VIOLATIONS, violations=violations, violation_count=len(violations)
        )
        for monitor, violations in last.items()
    }
    changed[(WEEKS - 2, Monitor.DATA_QUALITY)] = report(
        WEEKS - 2,
        Monitor.DATA_QUALITY,
        status=WindowStatus.VIOLATIONS,
        violations=(SENDER,),
        violation_count=1,
    )
    changed[(WEEKS - 1, Monitor.BIAS)] = report(
        WEEKS - 1,
        Monitor.BIAS,
        status=WindowStatus.TOO_FEW,
        measures={},
        note=f"{3012 + WEEKS - 1} cases: no group has the {RULES.bias.minimum_facet_cases} needed",
    )
    for monitor in Monitor:
        changed[(0, monitor)] = report(0, monitor, artefact_digest=EARLIER, baseline_digest="d" * 64)
    return [changed.get((number // 4, each.monitor), each) for number, each in enumerate(found)]


def _looked(feature: str, check: str, metric: str, measured: float, limit: float, description: str) -> Violation:
    return Violation(
        feature=feature, check=check, metric=metric, measured=measured, limit=limit, description=description
    )


#: In the words of the monitors, against the plan's limits.
SENDER = _looked(
    "sender", "baseline_drift_check", "share_change", 0.081, RULES.data_quality.share_change,
    "'MANUFACTURER Q' in 8.1% of the cases, 0.0% in the baseline",
)  # fmt: skip
DATA_VIOLATIONS = (
    _looked(
        "reporter_country", "baseline_drift_check", "js_distance", 0.214, RULES.data_quality.distance,
        "distance 0.214 from the baseline's distribution",
    ),
    _looked(
        "reporter_occupation", "completeness_check", "completeness_drop", 0.157, RULES.data_quality.completeness_drop,
        "filled in 83.2% of the cases, 98.9% in the baseline",
    ),
    SENDER,
)  # fmt: skip
_CALIBRATION_LIMIT = round(0.034 + RULES.model_quality.calibration_error_rise, 6)
QUALITY_VIOLATIONS = (
    _looked(
        "calibration_error", "GreaterThanThreshold", "calibration_error", CALIBRATION[-1], _CALIBRATION_LIMIT,
        f"calibration_error is {CALIBRATION[-1]:.4f} (95 % interval 0.0918 to 0.1322), the baseline's 0.0340: all of "
        f"the interval is above {_CALIBRATION_LIMIT:.4f}",
    ),
)  # fmt: skip


def decisions() -> list[DriftDecision]:
    """As the plan has them: two columns and more ask for a retraining, a second alarm joins it, one is looked into."""
    by_key = {(each.monitor, each.window): each for each in reports()}
    last, before = window(WEEKS - 1), window(WEEKS - 2)
    retrain = decision(by_key[(Monitor.DATA_QUALITY, last)])
    retrain = retrain.model_copy(update={"dag_run_id": f"drift-{retrain.decision_id}"})
    joined = decision(by_key[(Monitor.MODEL_QUALITY, last)], running=retrain.decision_id)
    looked_into = decision(by_key[(Monitor.DATA_QUALITY, before)])
    order = OverrideOrder(
        decision_id=looked_into.decision_id, decide=Decide.IGNORE,
        reason="The sender reported a closed study in one batch; it will not come again.",
        proof=PasswordProof(username="model-owner", password=SecretStr("invented")),
    )  # fmt: skip
    at = before.end + timedelta(hours=9)
    return [retrain, joined, overridden(looked_into, order, "model-owner", at, looked_into.new_data)]


def decision(about: WindowReport, running: str | None = None) -> DriftDecision:
    """By the real plan. ``running``: the decision whose retraining is under way."""
    situation = Situation(
        serving=about.artefact_digest, running=None if running is None else Running(running),
        last_retrained_at=None, new_data=NEW_DATA, now=about.finished_at + timedelta(minutes=1),
    )  # fmt: skip
    return decide(about, PLAN_RULES.retraining.drift, situation)


#: column → filled cases of the window, distance, then value → shares of the baseline and of the window.
COLUMNS: dict[str, tuple[int, float, dict[str, tuple[float, float]]]] = {
    "age_years": (2410, 0.012, {
        "up to 17": (0.041, 0.043), "17 to 44": (0.203, 0.198), "44 to 64": (0.334, 0.331), "64 to 79": (0.301, 0.305),
        "above 79": (0.121, 0.123),
    }),
    "reporter_country": (3019, 0.214, {
        "US": (0.612, 0.548), "COUNTRY NOT SPECIFIED": (0.0, 0.112), "CA": (0.081, 0.041), "FR": (0.043, 0.041),
        "(other)": (0.264, 0.258),
    }),
    "reporter_occupation": (2512, 0.062, {
        "CN": (0.446, 0.457), "MD": (0.265, 0.252), "HP": (0.173, 0.172), "PH": (0.116, 0.119),
    }),
    "sender": (3019, 0.151, {
        "MANUFACTURER A": (0.212, 0.19), "MANUFACTURER B": (0.141, 0.127), "MANUFACTURER C": (0.096, 0.09),
        "MANUFACTURER Q": (0.0, 0.081), "MANUFACTURER R": (0.001, 0.0007), "(other)": (0.55, 0.5113),
    }),
}  # fmt: skip
BEFORE = {"drug_count": 0.212, "age_years": 0.183, "reaction=death": 0.141, "weight_kg": 0.09, "drug=warfarin": 0.071}
TOTALS = {"baseline": 1.4, "window": 1.25}  # of all columns, of which these are the strongest
SINCE = {"age_years": 0.201, "drug_count": 0.172, "reaction=death": 0.144, "sex=F": 0.082, "weight_kg": 0.061}


def statistics() -> dict[str, Any]:
    """As the data-quality monitor writes them of a window, without its sketches."""
    features = []
    for name, (filled, _, _) in COLUMNS.items():
        kind = "numerical_statistics" if name == "age_years" else "string_statistics"
        features.append({"name": name, kind: {"common": {"num_present": filled, "num_missing": 3019 - filled}}})
    compared = {
        name: {
            "labels": list(shares),
            "baseline": [before for before, _ in shares.values()],
            "window": [after for _, after in shares.values()],
            "distance": distance,
        }
        for name, (_, distance, shares) in COLUMNS.items()
    }
    return {"version": 0.0, "dataset": {"item_count": 3019}, "features": features, "vigil": {"compared": compared}}


def attribution() -> dict[str, Any]:
    """As the attribution monitor writes it of a window, without the importance of every column."""
    return {
        "version": "1.0",
        "vigil": {"ranking": {"baseline": list(BEFORE.items()), "window": list(SINCE.items()), "totals": TOTALS}},
    }


def bias_baseline() -> dict[str, Any]:
    """As the bias monitor writes it of a baseline: Clarify's ``analysis.json``, one metric of it."""
    facets: dict[str, list[dict[str, Any]]] = {}
    for name, value in BIAS.items():
        facet, _, group = name.removeprefix("dppl_").replace("age_band", "age-band").partition("_")
        told = [{"name": "DPPL", "description": "Difference in positive proportions", "value": value}]
        facets.setdefault(facet.replace("-", "_"), []).append({"value_or_threshold": group, "metrics": told})
    return {"version": "1.0", "post_training_bias_metrics": {"label": "serious", "facets": facets}}


def files() -> WindowFiles:
    """As ``MonitoringView`` makes them of these files."""
    figures = {"auroc": 0.886, "brier": 0.131, "calibration_error": 0.034}
    return WindowFiles(
        moved=compared_columns(statistics(), DATA_VIOLATIONS, BASELINE_CASES),
        moved_in=window(WEEKS - 1),
        ranking=ranking_of(attribution()),
        ranked_in=window(WEEKS - 1),
        baseline_measures=figures | bias_figures(bias_baseline()),
    )


SERVING = Serving(
    endpoint=ENDPOINT,
    model_package_arn="arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/7",
    artefact_digest=ARTEFACT,
    baseline_digest=BASELINE,
    since=NOW - timedelta(days=49),
)


class FakeReader:
    """``MonitoringReader`` with eight weeks of ``ENDPOINT``."""

    def __init__(self) -> None:
        self.reports, self.decisions, self.files = reports(), decisions(), files()
        self.serving: Serving | None = SERVING
        self.error: Exception | None = None
        self.expression = "cron(0 5 ? * * *)"

    def overviews(self) -> list[Overview]:
        if self.error is not None:
            raise self.error
        return [overview(self.serving, self.reports, self.decisions, self.files)] if self.serving else []

    def window(self, asked: Window, monitor: Monitor) -> WindowDetail | None:
        found = next((each for each in self.reports if (each.window, each.monitor) == (asked, monitor)), None)
        if found is None:
            return None
        decided = next((each for each in self.decisions if each.report.id == found.id), None)
        files = WindowFiles(baseline_measures=self.files.baseline_measures)
        if monitor is Monitor.DATA_QUALITY:
            files = files.model_copy(update={"moved": self.files.moved})
        if monitor is Monitor.ATTRIBUTION:
            files = files.model_copy(update={"ranking": self.files.ranking})
        return WindowDetail(
            report=found, decision=decided, files=files, baseline_differs=found.baseline_digest != BASELINE
        )

    def schedule(self) -> Schedule:
        return Schedule(home="scheduler", expression=self.expression)


def _measures(week: int, monitor: Monitor) -> dict[str, Measure]:
    if monitor is Monitor.MODEL_QUALITY:
        spread = 0.009 + 0.0016 * week
        found = {"auroc": AUROC, "brier": BRIER, "calibration_error": CALIBRATION, "recall_at_capacity": RECALL}
        return {name: _measure(values[week], spread) for name, values in found.items()}
    if monitor is Monitor.BIAS:
        moved = 0.004 * ((week * 7) % 5 - 2)
        groups = {name: _measure(value + moved, 0.03) for name, value in BIAS.items()}
        return {LARGEST_CHANGE: Measure(value=round(abs(moved) + 0.011, 6), low=None, high=None), **groups}
    if monitor is Monitor.ATTRIBUTION:
        return {"ndcg": Measure(value=NDCG[week], low=None, high=None)}
    last = week == WEEKS - 1
    data = {
        "largest_distance": 0.214 if last else 0.02 + 0.002 * (week % 3),
        "largest_share_change": 0.081 if week >= WEEKS - 2 else 0.012,
        "largest_completeness_drop": 0.157 if last else 0.004,
        "looks": 109.0,
    }
    return {name: Measure(value=value, low=None, high=None) for name, value in data.items()}


def _measure(value: float, spread: float) -> Measure:
    return Measure(value=round(value, 6), low=round(value - spread, 6), high=round(value + spread, 6))
