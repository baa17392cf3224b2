"""The three files against what AWS documents of them.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pyarrow as pa
import pytest
from observed_cases import RULES, drawn

from vigil.monitoring.constraints_file import constraints_of
from vigil.monitoring.data_quality import compare
from vigil.monitoring.data_quality_monitor import DataQualityMonitor
from vigil.monitoring.profile import Profile
from vigil.monitoring.statistics_file import StatisticsError, profile_of, statistics_of
from vigil.monitoring.values import ValuesProfile

NUMBER = (int, float)
COMMON = {"num_present": NUMBER, "num_missing": NUMBER}
#: AWS's documented examples as shapes: what must be there, and of which type.
NUMERICAL = {
    "name": str,
    "inferred_type": str,
    "numerical_statistics": {
        "common": COMMON,
        "mean": NUMBER,
        "sum": NUMBER,
        "std_dev": NUMBER,
        "min": NUMBER,
        "max": NUMBER,
        "distribution": {"kll": {"buckets": [{"lower_bound": NUMBER, "upper_bound": NUMBER, "count": NUMBER}]}},
    },
}
STRING = {
    "name": str,
    "inferred_type": str,
    "string_statistics": {
        "common": COMMON,
        "distinct_count": NUMBER,
        "distribution": {"categorical": {"buckets": [{"value": str, "count": NUMBER}]}},
    },
}
CONFIGURATION = {
    "evaluate_constraints": str,
    "emit_metrics": str,
    "datatype_check_threshold": NUMBER,
    "domain_content_threshold": NUMBER,
    "distribution_constraints": {
        "perform_comparison": str,
        "comparison_threshold": NUMBER,
        "comparison_method": str,
        "categorical_comparison_threshold": NUMBER,
        "categorical_drift_method": str,
    },
}
CHECKS = {
    "data_type_check",
    "completeness_check",
    "baseline_drift_check",
    "missing_column_check",
    "extra_column_check",
    "categorical_values_check",
}


def _holds(value: Any, shape: Any) -> None:
    if isinstance(shape, dict):
        for name, inner in shape.items():
            assert name in value
            _holds(value[name], inner)
    elif isinstance(shape, list):
        assert value
        for item in value:
            _holds(item, shape[0])
    else:
        assert isinstance(value, shape)


@pytest.fixture(scope="module")
def files() -> dict[str, Any]:
    """The documents of a baseline and of a window, as JSON gives them back."""
    monitor = DataQualityMonitor(RULES)
    changed = drawn(2000, 2, sex=["M"] * 2000, sender=["NEW"] * 2000, age_years=pa.nulls(2000))
    baseline, window = (statistics_of(Profile.of([table])) for table in (drawn(2000, 1), changed))
    found = monitor.judge(window, baseline, None)
    documents = {
        "baseline/statistics.json": baseline,
        "baseline/constraints.json": monitor.constraints(baseline),
        "window/statistics.json": found.statistics,
        "window/violations.json": {"violations": list(found.entries)},
    }
    return {name: json.loads(json.dumps(document, allow_nan=False)) for name, document in documents.items()}


@pytest.mark.parametrize("which", ["baseline", "window"])
def test_statistics_have_the_documented_form(files: dict[str, Any], which: str) -> None:
    statistics = files[f"{which}/statistics.json"]
    _holds(statistics, {"version": NUMBER, "dataset": {"item_count": NUMBER}, "features": list})
    for feature in statistics["features"]:
        if feature["inferred_type"] == "String":
            _holds(feature, STRING)
        elif feature["numerical_statistics"]["common"]["num_present"]:
            assert feature["inferred_type"] in {"Integral", "Fractional"}
            _holds(feature, NUMERICAL)
            counts = [b["count"] for b in feature["numerical_statistics"]["distribution"]["kll"]["buckets"]]
            assert len(counts) == 10  # "By default, the distribution is materialized in 10 buckets."
            assert sum(counts) == pytest.approx(feature["numerical_statistics"]["common"]["num_present"], abs=0.1)


def test_constraints_have_the_documented_form(files: dict[str, Any]) -> None:
    constraints = files["baseline/constraints.json"]
    _holds(constraints, {"version": NUMBER, "features": list, "monitoring_config": CONFIGURATION})
    by_name = {feature["name"]: feature for feature in constraints["features"]}
    for feature in by_name.values():
        assert feature["inferred_type"] in {"Integral", "Fractional", "String", "Unknown"}
        assert 0 <= feature["completeness"] <= 1
    assert by_name["age_years"]["num_constraints"] == {"is_non_negative": True}
    assert by_name["sex"]["string_constraints"] == {"domains": ["F", "M"]}
    assert "string_constraints" not in by_name["reactions"]  # "for small cardinality"
    assert constraints["monitoring_config"]["distribution_constraints"]["comparison_threshold"] == RULES.distance


def test_violations_have_the_documented_form(files: dict[str, Any]) -> None:
    violations = files["window/violations.json"]["violations"]
    _holds(violations, [{"feature_name": str, "constraint_check_type": str, "description": str}])
    assert {violation["constraint_check_type"] for violation in violations} <= CHECKS
    assert [(v["feature_name"], v["constraint_check_type"]) for v in violations] == [
        ("age_years", "completeness_check"),
        ("sender", "baseline_drift_check"),
        ("sender", "categorical_values_check"),
        ("sex", "baseline_drift_check"),
    ]


def test_a_windows_statistics_hold_the_distributions_side_by_side(files: dict[str, Any]) -> None:
    """So that a page can show what moved without sketches, which there is no library for where pages are made."""
    compared = files["window/statistics.json"]["vigil"]["compared"]
    assert set(compared) == {feature["name"] for feature in files["window/statistics.json"]["features"]} - {"age_years"}
    for column in compared.values():
        assert len(column["labels"]) == len(column["baseline"]) == len(column["window"])
        assert sum(column["baseline"]) == pytest.approx(1, abs=1e-4)
        assert sum(column["window"]) == pytest.approx(1, abs=1e-4)
    sender = compared["sender"]
    new = sender["labels"].index("NEW")
    assert (sender["baseline"][new], sender["window"][new]) == (0.0, 1.0)


def test_a_window_without_a_case_is_written_and_read_too() -> None:
    assert profile_of(statistics_of(Profile.of([drawn(0, 1)]))).rows == 0
    assert profile_of(statistics_of(Profile())).columns == {}


@pytest.mark.parametrize("document", [None, [], {}, {"vigil": {"format": "other"}}])
def test_what_is_no_statistics_is_refused_by_name(document: Any) -> None:
    with pytest.raises(StatisticsError, match=r"make the baseline again|is what is read"):
        profile_of(document)


@pytest.mark.parametrize("sketch", ["", "AAAA", "!", "QUFBQUFBQUFBQUFBQUFBQUFBQUFB"])
@pytest.mark.parametrize("place", [0, 2])
def test_a_broken_sketch_is_refused_by_its_feature(sketch: str, place: int) -> None:
    statistics = statistics_of(Profile.of([drawn(50, 1)]))
    feature = statistics["features"][place]
    feature["vigil"]["tdigest" if "tdigest" in feature["vigil"] else "frequent_items"] = sketch
    with pytest.raises(StatisticsError, match=feature["name"]):
        profile_of(statistics)


def test_what_few_cases_hold_is_in_no_file_and_still_compared() -> None:
    """A sender that one report names may be a person."""
    often, seldom, now_often = ["Hospital"] * 300, ["Dr Rare"] * 4, ["Dr Rare"] * 60
    column = "sender"
    documents = []
    for values in (often + seldom, often + now_often + ["Only Once"]):
        profile = Profile()
        profile.columns[column] = ValuesProfile(10)
        profile.columns[column].update(pa.array(values))
        profile.rows = len(values)
        documents.append(statistics_of(profile))
    told = [json.dumps(document) for document in documents]
    assert "Hospital" in told[0] and "Dr Rare" not in told[0]
    assert "Dr Rare" in told[1] and "Only Once" not in told[1]
    for document in documents:
        sketch = base64.b64decode(document["features"][0]["vigil"]["frequent_items"])
        assert b"Hospital" not in sketch and b"Rare" not in sketch and b"Once" not in sketch
    baseline, window = (profile_of(document) for document in documents)
    before, now = baseline.columns[column], window.columns[column]
    assert isinstance(before, ValuesProfile) and isinstance(now, ValuesProfile)
    assert (before.count("Dr Rare"), now.count("Dr Rare"), now.count("Only Once")) == (4, 60, 1)
    assert "Dr Rare" not in json.dumps(constraints_of(baseline, RULES))
    found = compare(baseline, window, RULES)
    assert "Only Once" not in str(found) and "rare:" not in str(found)
    assert any("'Dr Rare' in 16.6% of the cases, 1.3%" in each.description for each in found.violations)
