"""The three files against what AWS documents of them.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from observed_cases import RULES, drawn

from vigil.monitoring.data_quality import compare
from vigil.monitoring.data_quality_files import read_profile, write_baseline, write_window
from vigil.monitoring.profile import Profile
from vigil.monitoring.statistics_file import StatisticsError, profile_of, statistics_of

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
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("files")
    baseline = Profile.of([drawn(2000, 1)])
    window = Profile.of([drawn(2000, 2, sex=["M"] * 2000, sender=["NEW"] * 2000, age_years=pa.nulls(2000))])
    write_baseline(folder / "baseline", baseline, RULES)
    write_window(folder / "window", baseline, window, compare(baseline, window, RULES), RULES)
    return {str(path.relative_to(folder)): json.loads(path.read_bytes()) for path in folder.rglob("*.json")}


def test_a_window_has_the_three_files_and_a_baseline_two(files: dict[str, Any]) -> None:
    assert sorted(files) == [
        "baseline/constraints.json",
        "baseline/statistics.json",
        "window/constraint_violations.json",
        "window/constraints.json",
        "window/statistics.json",
    ]


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
    violations = files["window/constraint_violations.json"]["violations"]
    _holds(violations, [{"feature_name": str, "constraint_check_type": str, "description": str}])
    assert {violation["constraint_check_type"] for violation in violations} <= CHECKS
    assert [(v["feature_name"], v["constraint_check_type"]) for v in violations] == [
        ("age_years", "completeness_check"),
        ("sender", "baseline_drift_check"),
        ("sender", "categorical_values_check"),
        ("sex", "baseline_drift_check"),
    ]


def test_a_window_without_a_case_is_written_too(tmp_path: Path) -> None:
    baseline, window = Profile.of([drawn(300, 1)]), Profile.of([drawn(0, 1)])
    write_window(tmp_path, baseline, window, compare(baseline, window, RULES), RULES)
    assert read_profile(tmp_path / "statistics.json").rows == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"vigil": {"format": "other"}}'])
def test_what_is_no_statistics_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "statistics.json").write_text(text)
    with pytest.raises(StatisticsError, match=r"make the baseline again|is what is read"):
        read_profile(tmp_path / "statistics.json")


@pytest.mark.parametrize("sketch", ["", "AAAA", "!", "QUFBQUFBQUFBQUFBQUFBQUFBQUFB"])
@pytest.mark.parametrize("place", [0, 2])
def test_a_broken_sketch_is_refused_by_its_feature(sketch: str, place: int) -> None:
    statistics = statistics_of(Profile.of([drawn(50, 1)]))
    feature = statistics["features"][place]
    feature["vigil"]["tdigest" if "tdigest" in feature["vigil"] else "frequent_items"] = sketch
    with pytest.raises(StatisticsError, match=feature["name"]):
        profile_of(statistics)
