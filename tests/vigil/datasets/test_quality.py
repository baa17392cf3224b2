from __future__ import annotations

import pytest

from vigil.datasets.build import build_dataset
from vigil.datasets.models import MEASUREMENTS_FILE, PROFILE_FILE, DatasetProfile, Distribution, Measurements
from vigil.datasets.quality import (
    QualityError,
    QualityRule,
    check,
    judge,
    judge_release,
    load_profiles,
    profile_named,
)


@pytest.fixture
def measurements(staging) -> Measurements:
    return Measurements.model_validate_json((staging / MEASUREMENTS_FILE).read_bytes())


def changed(measurements, **metrics):
    return measurements.model_copy(update={"metrics": {**measurements.metrics, **metrics}})


def test_a_good_dataset_passes_and_the_report_says_what_was_measured(measurements):
    report = check(measurements, "synthetic")
    assert report.failures == ()
    assert len(report.results) == sum(not rule.compares for rule in load_profiles().rules)
    assert next(result for result in report.results if result.rule == "rejected lines").measured == 0


def test_every_failing_rule_is_listed_with_value_and_bound(measurements):
    bad = changed(measurements, **{"reject_rate": 0.2, "serious_rate.all": 0.01})
    with pytest.raises(QualityError) as caught:
        check(bad, "synthetic")
    assert "2 of " in str(caught.value)
    assert "rejected lines: reject_rate is 0.2, wanted at most 0.0005" in str(caught.value)
    assert "serious cases: serious_rate.all is 0.01, wanted from 0.4 to 0.75" in str(caught.value)
    assert caught.value.report is not None and len(caught.value.report.failures) == 2


@pytest.fixture
def found(staging) -> DatasetProfile:
    return DatasetProfile.model_validate_json((staging / PROFILE_FILE).read_bytes())


def drifted(found, column, **shares):
    other = Distribution(kind="category", missing=0.0, shares=tuple(shares.items()))
    return found.model_copy(update={"columns": {**found.columns, column: other}})


def test_what_a_version_holds_does_not_depend_on_what_was_released_before(measurements):
    assert not [result for result in check(measurements, "synthetic").results if result.subject.startswith("drift.")]


def test_without_an_earlier_release_drift_is_not_judged_rather_than_passed(measurements, found):
    report = judge_release(measurements, "synthetic", found)
    compared = [result for result in report.results if result.subject.startswith("drift.")]
    assert len(compared) > 5
    assert not any(result.judged or result.passed for result in compared)
    assert report.failures == () and report.warnings == ()
    report.raise_for_failures()


def test_drift_from_the_last_release_is_a_warning_and_stops_nothing(measurements, found):
    report = judge_release(measurements, "synthetic", found, drifted(found, "sex", F=0.1, M=0.9), "a" * 64)
    assert [(result.rule, result.severity) for result in report.warnings] == [("sex drifts", "warning")]
    assert report.compared_with == "a" * 64
    report.raise_for_failures()


def test_a_label_that_drifts_far_stops_the_release(measurements, found):
    report = judge_release(measurements, "synthetic", found, drifted(found, "serious", true=0.1, false=0.9), "a" * 64)
    with pytest.raises(
        QualityError, match=r"label drifts far: drift\.serious\.distance is 0\.\d+, wanted at most 0\.15"
    ):
        report.raise_for_failures()


@pytest.mark.parametrize(
    ("metric", "value", "rule"),
    [
        ("rows.demo.newest_to_median", 0.2, "reports against history"),
        ("newest.serious_rate", -0.3, "serious cases against history"),
        ("serious_rate.least", 0.0, "serious cases in every quarter"),
        ("per_report.outc.least", 0.1, "outcomes a report in every quarter"),
        ("repeated.primaryid", 1, "repeated reports"),
        ("orphans.reac", 0.5, "reactions without a report"),
        ("null_rate.sex", 0.9, "sex missing"),
        ("received_date.first", "1999-01-01", "first receipt"),
    ],
)
def test_each_kind_of_rule_fails_by_its_name(measurements, metric, value, rule):
    assert rule in [failure.rule for failure in judge(changed(measurements, **{metric: value}), "synthetic").failures]


def test_a_jump_of_missing_values_is_a_warning(measurements):
    report = judge(changed(measurements, **{"newest.missing.sex": 0.2}), "synthetic")
    assert [warning.rule for warning in report.warnings] == ["sex newly missing"]
    assert report.failures == ()


def test_whole_quarters_are_judged_more_strictly(measurements):
    failing = {result.rule for result in judge(measurements, "full").failures}
    assert failing == {
        "synthetic reports", "cases a quarter", "cases to train on", "cases to test on", "cases in the newest quarter",
    }  # fmt: skip


WHOLE_QUARTER = {"rows.demo.least": 208_000, "rows.train": 140_000, "rows.test": 30_000, "rows.test_next": 200_000}


def test_real_reports_do_not_pass_as_synthetic_ones(measurements):
    for share in (0.0, 0.5, 0.999):
        failures = judge(changed(measurements, synthetic_rate=share), "synthetic").failures
        assert [failure.rule for failure in failures] == ["synthetic reports"]


@pytest.mark.parametrize("profile", ["full", "openfda-sample"])
def test_synthetic_reports_do_not_pass_as_real_ones(measurements, profile):
    for share in (0.01, 1.0):
        failures = judge(changed(measurements, synthetic_rate=share), profile).failures
        assert "synthetic reports" in {failure.rule for failure in failures}


@pytest.mark.parametrize("metric", WHOLE_QUARTER)
def test_a_whole_quarter_does_not_pass_as_a_sample(measurements, metric):
    sample = {"rows.demo.least": 1260, "rows.train": 5000, "rows.test": 1000, "rows.test_next": 1260}
    real = changed(measurements, synthetic_rate=0.0, **sample)
    assert judge(real, "openfda-sample").failures == ()
    failures = judge(changed(real, **{metric: WHOLE_QUARTER[metric]}), "openfda-sample").failures
    assert [failure.subject for failure in failures] == [metric]


def test_a_code_outside_its_set_fails(measurements):
    codes = {**measurements.codes, "outc_cod": {"DE": 10, "XX": 1}}
    report = judge(measurements.model_copy(update={"codes": codes}), "synthetic")
    (failure,) = report.failures
    assert (failure.rule, failure.measured) == ("outcomes", pytest.approx(0.090909))


def test_what_was_not_measured_fails(measurements):
    metrics = {name: value for name, value in measurements.metrics.items() if name != "orphans.outc"}
    report = judge(measurements.model_copy(update={"metrics": metrics}), "synthetic")
    assert [failure.rule for failure in report.failures] == ["outcomes without a report"]


@pytest.mark.real_data
def test_the_real_samples_pass_as_a_sample_and_as_nothing_else(real_data, tmp_path):
    samples = sorted((real_data / "faers").glob("faers_ascii_2023q*_sample.zip"))
    measured = build_dataset(samples, tmp_path / "work", tmp_path / "staging", "openfda-sample")
    assert check(measured, "openfda-sample").failures == ()
    assert "synthetic reports" in {failure.rule for failure in judge(measured, "synthetic").failures}
    assert "cases a quarter" in {failure.rule for failure in judge(measured, "full").failures}


@pytest.mark.parametrize(("value", "passed"), [("2004-01-01", True), ("2003-12-31", False), (2004, False)])
def test_dates_are_compared_as_dates(measurements, value, passed):
    report = judge(changed(measurements, **{"received_date.first": value}), "synthetic")
    assert (report.failures == ()) is passed


def test_each_rule_and_each_change_of_a_profile_has_a_reason():
    profiles = load_profiles()
    assert all(rule.reason for rule in profiles.rules)
    assert all(change.reason for profile in profiles.profiles.values() for change in profile.changes)
    assert len({rule.name for rule in profiles.rules}) == len(profiles.rules)


def test_a_profile_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(QualityError, match=r"'best'.*full, openfda-sample, synthetic"):
        profile_named("best")


@pytest.mark.parametrize(
    "fields", [{"metric": "a"}, {"min": 1}, {"metric": "a", "codes": "b", "max": 1}, {"metric": "a", "limit": 1}]
)
def test_a_rule_that_says_nothing_or_too_much_is_refused(fields):
    with pytest.raises(ValueError):
        QualityRule.model_validate({"name": "n", "reason": "r", **fields})
