"""The Monitoring page's reader on a stack in moto: what it finds, what it says of bad files, how little it asks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from monitoring_examples import BASELINE_CASES, attribution, bias_baseline, decisions, reports, statistics, window
from moto_stack import MotoStack, moto_stack

from vigil.aws import monitoring_places
from vigil.aws.monitoring_table import DOCUMENT, MonitoringTable, decision_item, window_item
from vigil.aws.monitoring_view import FRESH_SECONDS, WINDOWS_READ, MonitoringView
from vigil.digests import canonical_json, sha256_hex
from vigil.monitoring.models import Monitor, Window, WindowStatus
from vigil.monitoring.window_files import WindowFileError

RUN = "run-7"
MODELS_KEY = "model_package_arn"


class Counting:
    """A client that counts its calls by name."""

    def __init__(self, client: Any, calls: Counter[str]) -> None:
        self._client, self._calls = client, calls

    def __getattr__(self, name: str) -> Any:
        self._calls[name] += 1
        return getattr(self._client, name)


class Monitored:
    """The example's eight weeks in the stack's table and buckets. ``time``: what the view takes for the time."""

    def __init__(self, stack: MotoStack) -> None:
        self.stack, self.calls, self.time = stack, Counter[str](), 0.0
        self.endpoint = stack.parameters.sagemaker.endpoint
        self.digest = self.put_baseline()
        self.serve()
        for each in reports():
            self.put_report(each.model_copy(update={"endpoint": self.endpoint}))
        for decided in decisions():
            about = decided.report.model_copy(update={"endpoint": self.endpoint})
            self.put(decision_item(about.id), decided.model_copy(update={"decision_id": about.id, "report": about}))
        for monitor, document in ((Monitor.DATA_QUALITY, statistics()), (Monitor.ATTRIBUTION, attribution())):
            place = monitoring_places.report(stack.parameters, self.endpoint, monitor, window(7))
            stack.put(place / "statistics.json", json.dumps(document).encode())
        self.view = MonitoringView(
            stack.parameters,
            Counting(stack.client("dynamodb"), self.calls),
            Counting(stack.client("s3"), self.calls),
            lambda: self.time,
        )

    def put_baseline(self, **changes: Any) -> str:
        place = monitoring_places.baseline(self.stack.parameters, RUN)
        bias = canonical_json(bias_baseline())
        self.stack.put(place / "bias/statistics.json", bias)
        document = {
            "cases": BASELINE_CASES,
            "measures": {"auroc": {"value": 0.886, "low": 0.87, "high": 0.9}, "brier": {"value": None}},
            "files": {"bias/statistics.json": sha256_hex(bias)},
        }
        content = canonical_json(document | changes)
        self.stack.put(place / "baseline.json", content)
        return sha256_hex(content)

    def serve(self, **changes: str) -> None:
        item = {
            MODELS_KEY: f"endpoint#{self.endpoint}",
            "active_package": "arn:aws:sagemaker:r:1:model-package/triage/7",
        }
        item |= {"artefact_digest": "a" * 64, "baseline_digest": self.digest, "run_key": RUN}
        item |= {"since": "2026-01-12T08:04:00.000000Z"} | changes
        values = {name: {"S": value} for name, value in item.items()}
        self.stack.client("dynamodb").put_item(TableName=self.stack.parameters.tables.models, Item=values)

    def put_report(self, report: Any) -> None:
        pinned = report.baseline_digest == "b" * 64
        report = report.model_copy(update={"baseline_digest": self.digest}) if pinned else report
        self.put(window_item(report.window, report.monitor), report)

    def put(self, item: str, document: Any) -> None:
        values = MonitoringTable.key(self.endpoint, item) | {DOCUMENT: {"S": document.model_dump_json()}}
        self.stack.client("dynamodb").put_item(TableName=self.stack.parameters.tables.monitoring, Item=values)


@pytest.fixture(scope="module")
def shared_stack() -> Iterator[MotoStack]:
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as made:
        yield made


@pytest.fixture
def monitored(shared_stack: MotoStack) -> Monitored:
    """Each test has everything as it should be; what an earlier one has put beside it lies further back in time."""
    return Monitored(shared_stack)


def test_everything_that_the_page_shows_is_read(monitored: Monitored) -> None:
    [found] = monitored.view.overviews()
    assert found.files.problems == ()
    assert [row.window for row in found.grid] == [window(week) for week in reversed(range(8))]
    assert [each.feature for each in found.files.moved if each.violated] == [
        "reporter_country",
        "sender",
        "reporter_occupation",
    ]
    assert found.files.ranking[0].feature == "age_years"
    assert found.performance[0].baseline == 0.886
    assert {each.name: each.baseline for each in found.bias}["dppl_sex_F"] == 0.021
    assert len(found.decisions) == 3 and found.serving.since is not None


def test_two_looks_at_about_the_same_time_cost_one(monitored: Monitored) -> None:
    monitored.view.overviews()
    asked = monitored.calls.total()
    monitored.time += FRESH_SECONDS / 2
    monitored.view.overviews()
    assert monitored.calls.total() == asked
    monitored.time += FRESH_SECONDS
    monitored.view.overviews()
    assert monitored.calls["get_object"] == 4  # files of S3 are kept


def test_before_a_model_serves_nothing_is_shown(shared_stack: MotoStack) -> None:
    other = shared_stack.parameters.sagemaker.model_copy(update={"endpoint": "nothing-serves-here"})
    parameters = shared_stack.parameters.model_copy(update={"sagemaker": other})
    view = MonitoringView(parameters, shared_stack.client("dynamodb"), shared_stack.client("s3"))
    assert view.overviews() == []
    assert view.window(window(7), Monitor.BIAS) is None


def test_a_window_has_its_decision_and_every_column(monitored: Monitored) -> None:
    found = monitored.view.window(window(7), Monitor.DATA_QUALITY)
    assert found is not None and found.report.status is WindowStatus.VIOLATIONS
    assert found.decision is not None and found.decision.dag_run_id
    assert len(found.files.moved) == 4 and not found.baseline_differs


def test_a_window_of_an_earlier_model_is_not_held_against_the_baseline_of_this_one(monitored: Monitored) -> None:
    found = monitored.view.window(window(0), Monitor.MODEL_QUALITY)
    assert found is not None and found.baseline_differs and found.files.baseline_measures == {}


@pytest.mark.parametrize(
    ("key", "content", "said"),
    [
        ("baseline.json", None, "the baseline cannot be shown: there is no s3://"),
        ("baseline.json", b"{}", "baseline.json is not the one that was pinned"),
        ("bias/statistics.json", b"{}", "the baseline of the bias monitor is not the one that was pinned"),
    ],
)
def test_a_baseline_that_does_not_hold_is_said_and_hides_nothing_else(
    monitored: Monitored, key: str, content: bytes | None, said: str
) -> None:
    place = monitoring_places.baseline(monitored.stack.parameters, RUN) / key
    if content is None:
        monitored.stack.client("s3").delete_object(Bucket=place.bucket, Key=place.key)
    else:
        monitored.stack.put(place, content)
    [found] = monitored.view.overviews()
    assert len(found.files.problems) == 1 and said in found.files.problems[0]
    assert found.performance[0].baseline is None and len(found.files.moved) == 4


@pytest.mark.parametrize("content", [b"[1]", b"{", b'{"features": 3}', b"{}"], ids=repr)
def test_a_file_that_cannot_be_read_is_said_and_hides_nothing_else(monitored: Monitored, content: bytes) -> None:
    parameters = monitored.stack.parameters
    place = monitoring_places.report(parameters, monitored.endpoint, Monitor.DATA_QUALITY, window(7))
    monitored.stack.put(place / "statistics.json", content)
    [found] = monitored.view.overviews()
    assert len(found.files.problems) == 1 and "data-quality" in found.files.problems[0]
    assert found.files.moved == () and found.files.ranking != ()


def test_a_row_that_cannot_be_read_is_said_and_hides_nothing_else(monitored: Monitored) -> None:
    damaged = MonitoringTable.key(monitored.endpoint, window_item(window(3), Monitor.BIAS)) | {DOCUMENT: {"S": "{}"}}
    table = monitored.stack.parameters.tables.monitoring
    monitored.stack.client("dynamodb").put_item(TableName=table, Item=damaged)
    [found] = monitored.view.overviews()
    assert found.files.problems == ("1 records (WindowReport) cannot be read: they are of another version, or damaged",)
    assert len(found.grid) == 8
    with pytest.raises(WindowFileError, match="another version"):
        monitored.view.window(window(3), Monitor.BIAS)


def test_where_a_report_lies_is_not_taken_from_the_table(monitored: Monitored) -> None:
    """Who may write a row may not have the page show any object of the stack."""
    last = next(each for each in reports() if (each.window, each.monitor) == (window(7), Monitor.DATA_QUALITY))
    elsewhere = {"endpoint": monitored.endpoint, "report_uri": "s3://another/place/"}
    monitored.put_report(last.model_copy(update=elsewhere))
    [found] = monitored.view.overviews()
    assert len(found.files.moved) == 4


def test_however_many_windows_there_are_a_quarter_of_them_is_read(monitored: Monitored) -> None:
    first = reports()[0]
    for weeks in range(1, 16):
        earlier = Window(
            start=first.window.start - timedelta(weeks=weeks), end=first.window.end - timedelta(weeks=weeks)
        )
        for monitor in Monitor:
            monitored.put_report(first.model_copy(update={"window": earlier, "monitor": monitor}))
    [found] = monitored.view.overviews()
    assert len(found.grid) == WINDOWS_READ
