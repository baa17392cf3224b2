from __future__ import annotations

import json
import logging
from datetime import date
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from stack_parameters import put_parameters
from vigil_airflow import dataset_steps
from vigil_airflow.dataset_steps import (
    DatasetQualityError,
    LandingRefusedError,
    RunFacts,
    check_quality,
    quality_table,
)


def result(rule: str, passed: bool, measured: float) -> dict[str, Any]:
    return {"rule": rule, "passed": passed, "measured": measured, "bound": "at most 0.1"}


def test_the_quality_table_shows_failing_rules_first_and_aligns_its_columns() -> None:
    table = quality_table([result("few-rejects", True, 0.0), result("known-countries", False, 0.25)])
    header, first, second = table.splitlines()
    assert first.split() == ["FAILED", "known-countries", "0.25", "at", "most", "0.1"]
    assert second.startswith("ok ")
    assert {line.index(word) for line, word in ((header, "rule"), (first, "known"), (second, "few"))} == {8}


def test_warnings_and_what_was_not_judged_stand_between_failures_and_the_rest() -> None:
    results = [
        result("fine", True, 0.0),
        result("new", False, 0.0) | {"judged": False},
        result("odd", False, 0.5) | {"severity": "warning"},
        result("bad", False, 0.9),
    ]
    assert [line.split("  ")[0] for line in quality_table(results).splitlines()[1:]] == [
        "FAILED",
        "warning",
        "not judged",
        "ok",
    ]


def test_failing_rules_fail_the_task_for_good_by_name_after_the_table(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from vigil.datasets.quality import QualityError, QualityReport, QualityResult

    caplog.set_level(logging.INFO)
    failing = QualityResult(
        rule="few-rejects", subject="share", measured=0.5, bound="at most 0.1", passed=False, reason="r"
    )

    def judge(staging: str) -> QualityReport:
        raise QualityError("- few-rejects: share is 0.5", QualityReport(profile="full", results=(failing,)))

    monkeypatch.setattr("vigil.aws.dataset_release.check_staged", judge)
    with pytest.raises(DatasetQualityError, match="few-rejects") as caught:
        check_quality("s3://datasets/staging/x/")
    assert isinstance(caught.value, AirflowFailException)
    assert "FAILED  few-rejects" in caplog.text


def test_warnings_are_named_in_the_log_and_stop_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from vigil.datasets.quality import QualityReport, QualityResult

    caplog.set_level(logging.WARNING)
    odd = QualityResult(
        rule="sex drifts", subject="d", measured=0.5, bound="at most 0.1", passed=False, reason="r", severity="warning"
    )
    report = QualityReport(profile="full", results=(odd,))
    monkeypatch.setattr("vigil.aws.dataset_release.check_staged", lambda _staging: report)
    assert check_quality("s3://datasets/staging/x/") == {
        "profile": "full",
        "staging": "s3://datasets/staging/x/",
        "warnings": ["sex drifts"],
    }
    assert "sex drifts: d is 0.5, wanted at most 0.1" in caplog.text


@pytest.mark.stack
def test_without_archives_everything_in_the_landing_area_is_landed(
    stack_on_local_aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    from vigil.aws.landing import LandedArchive

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="landing-raw")
    for key in ("landing/b.zip", "landing/a.zip", "quarters/2023Q1/x/c.zip"):
        s3.put_object(Bucket="landing-raw", Key=key, Body=b"x")
    put_parameters(boto3.client("ssm"), "plugins", buckets__raw="landing-raw", buckets__datasets="landing-datasets")
    asked: list[str] = []

    def land(archives: list[str], bucket: str) -> list[LandedArchive]:
        asked.extend(archives)
        return [LandedArchive(quarter="2023Q1", uri="s3://landing-raw/quarters/a.zip", sha256="0" * 64, size=1)]

    monkeypatch.setattr("vigil.aws.landing.land", land)
    monkeypatch.setattr("vigil.aws.releases.list_releases", list)
    made = dataset_steps.curation_arguments([], "synthetic", "spark", RunFacts("manual__1"))
    assert asked == ["s3://landing-raw/landing/a.zip", "s3://landing-raw/landing/b.zip"]
    assert made["quarters"] == ["2023Q1"]
    assert made["arguments"]["--output"] == made["staging"]
    assert made["staging"].startswith("s3://landing-datasets/staging/")
    assert made["arguments"]["--stack"] == "plugins"
    assert made["arguments"]["--engine"] == "spark"
    assert json.loads(made["arguments"]["--archives"]) == [
        {"quarter": "2023Q1", "uri": "s3://landing-raw/quarters/a.zip", "sha256": "0" * 64}
    ]
    again = dataset_steps.curation_arguments([], "synthetic", "spark", RunFacts("manual__1"))
    other = dataset_steps.curation_arguments([], "synthetic", "spark", RunFacts("manual__2"))
    assert again == made
    assert other["staging"] != made["staging"]


@pytest.mark.stack
def test_a_refused_archive_fails_the_task_for_good(stack_on_local_aws: str) -> None:
    import boto3

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="refusing-raw")
    s3.put_object(Bucket="refusing-raw", Key="landing/broken.zip", Body=b"not a zip")
    put_parameters(boto3.client("ssm"), "plugins", buckets__raw="refusing-raw")
    with pytest.raises(LandingRefusedError, match="broken") as caught:
        dataset_steps.curation_arguments(
            ["s3://refusing-raw/landing/broken.zip"], "full", "duckdb", RunFacts("manual__1")
        )
    assert isinstance(caught.value, AirflowFailException)


@pytest.fixture
def three_quarters_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    """2023Q3 to 2024Q1 have landed, and a dataset up to 2024Q1 was released."""
    from vigil.aws.landing import LandedArchive

    def landed(_archives: list[str], _bucket: str) -> list[LandedArchive]:
        quarters = ("2023Q3", "2023Q4", "2024Q1")
        return [LandedArchive(quarter=each, uri=f"s3://raw/quarters/{each}.zip", sha256="0" * 64) for each in quarters]

    class Release:
        profile, quarters = "full", ("2023Q3", "2023Q4", "2024Q1")

    monkeypatch.setattr("vigil.aws.landing.land", landed)
    monkeypatch.setattr("vigil.aws.releases.list_releases", lambda: [Release()])
    monkeypatch.setattr("vigil.aws.environment.load_parameters", StandIn)
    monkeypatch.setattr("vigil.aws.environment.stack_name", lambda: "unit")


class StandIn:
    class buckets:  # noqa: N801 - a field
        raw, datasets = "raw", "datasets"

    class functions:  # noqa: N801 - a field
        record_release = "record-release"


def quarters_of(profile: str, run: RunFacts) -> list[str]:
    quarters: list[str] = dataset_steps.curation_arguments(["s3://raw/x.zip"], profile, "duckdb", run)["quarters"]
    return quarters


@pytest.mark.usefixtures("three_quarters_landed")
def test_a_backfilled_run_takes_the_quarters_that_had_ended_by_its_date() -> None:
    run = RunFacts("backfill__1", is_backfill=True, as_of=date(2024, 2, 15))
    assert quarters_of("full", run) == ["2023Q3", "2023Q4"]


@pytest.mark.usefixtures("three_quarters_landed")
def test_a_backfilled_run_for_the_oldest_quarter_is_skipped() -> None:
    with pytest.raises(AirflowSkipException, match="2023Q3 is the oldest quarter"):
        quarters_of("full", RunFacts("backfill__1", is_backfill=True, as_of=date(2023, 11, 15)))


@pytest.mark.usefixtures("three_quarters_landed")
def test_a_scheduled_run_whose_quarter_has_not_landed_fails_by_name() -> None:
    with pytest.raises(LandingRefusedError, match="2024Q2 has not landed"):
        quarters_of("full", RunFacts("scheduled__1", as_of=date(2024, 8, 15)))


@pytest.mark.usefixtures("three_quarters_landed")
def test_only_a_backfill_may_end_before_the_last_release() -> None:
    run = RunFacts("scheduled__1", as_of=date(2024, 2, 15))
    with pytest.raises(LandingRefusedError, match="2023Q4 is older than 2024Q1"):
        quarters_of("full", run)
    assert quarters_of("synthetic", run) == ["2023Q3", "2023Q4"]


@pytest.mark.parametrize(("person", "named"), [("dana", "airflow:dana"), (None, "airflow:schedule")])
def test_a_release_is_recorded_with_who_started_the_run(
    monkeypatch: pytest.MonkeyPatch, person: str | None, named: str
) -> None:
    from vigil.aws.dataset_release import ReleasedDataset
    from vigil.aws.release_ledger import RecordReleaseEvent, ReleaseNotRecordedError

    asked: list[RecordReleaseEvent] = []
    released = ReleasedDataset(name="faers", version="a" * 64, prefix="s3://d/", tag="t", already_released=True)
    monkeypatch.setattr("vigil.aws.dataset_release.release", lambda staging: released)
    monkeypatch.setattr("vigil.aws.environment.load_parameters", StandIn)
    monkeypatch.setattr("vigil.aws.environment.aws_client", lambda service: service)
    monkeypatch.setattr("vigil.aws.release_ledger.ask_to_record", lambda event, function, client: asked.append(event))
    dataset_steps.release_dataset("s3://s/", ["2023Q1"], "manual__1", person)
    assert [(event.version, event.released_by, event.dag_run_id) for event in asked] == [("a" * 64, named, "manual__1")]

    def refused(*_: object) -> None:
        raise ReleaseNotRecordedError("not now")

    monkeypatch.setattr("vigil.aws.release_ledger.ask_to_record", refused)
    with pytest.raises(ReleaseNotRecordedError):
        dataset_steps.release_dataset("s3://s/", ["2023Q1"], "manual__1", person)
