"""A monitoring job writes its reports, then tells of them once; what it was given is compared with what was pinned.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-outputs.html
"""

from __future__ import annotations

import json
import shutil
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from captured_cases import ENDPOINT, START, WINDOW, FolderOutside
from monitored_window import MODELS, environment, scored_cases, write_promotion, write_window
from promoted_model import Promoted

from vigil.models.artefact import extract_model
from vigil.monitoring.baseline import BaselineError
from vigil.monitoring.contract import ContractError
from vigil.monitoring.jobs import ModelMismatchError, run_monitor
from vigil.monitoring.models import Monitor, WindowReport, WindowStatus

REPORTS = f"s3://capture/reports/{ENDPOINT}"


@pytest.fixture(scope="module")
def bucket(promoted: Promoted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What S3 holds for a window without drift. Tests that change it copy it."""
    root = tmp_path_factory.mktemp("s3")
    write_promotion(root, promoted)
    write_window(root, promoted, scored_cases(promoted))
    return root


@pytest.fixture
def outside(bucket: Path, tmp_path: Path) -> FolderOutside:
    return FolderOutside(Path(shutil.copytree(bucket, tmp_path / "s3")))


def run(outside: FolderOutside, root: Path, told: dict[str, str]) -> WindowReport:
    return run_monitor(root, told, outside, lambda _line: None)


def delivered(outside: FolderOutside, monitor: Monitor, name: str) -> Any:
    return json.loads((outside.path(f"{REPORTS}/{monitor}/{WINDOW.key}/") / name).read_bytes())


@pytest.mark.parametrize("monitor", list(Monitor))
def test_a_window_without_drift_is_reported_measured_and_announced_once(
    monitor: Monitor, promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    report = run(outside, tmp_path, environment(promoted, monitor))
    assert report.status is WindowStatus.OK, report.violations
    assert report.cases == 500
    assert outside.events == [report]
    names = ["statistics.json", "constraints.json", "constraint_violations.json", "captured.json"]
    labelled = monitor in {Monitor.MODEL_QUALITY, Monitor.BIAS}
    names += [*(["ground_truth.json"] if labelled else []), "window.json"]
    prefix = f"{REPORTS}/{monitor}/{WINDOW.key}/"
    assert [uri for uri in outside.delivered if uri.startswith(prefix)] == [prefix + name for name in names]
    assert report.report_uri == prefix
    assert WindowReport.model_validate(delivered(outside, monitor, "window.json")) == report
    assert delivered(outside, monitor, "constraint_violations.json")["violations"] == []
    assert (tmp_path / "output/message").read_text().startswith("Completed: 500 cases")
    assert (report.labels is not None) is labelled
    if report.labels is not None:
        assert (report.labels.scored, report.labels.labelled) == (500, 500)


def test_metrics_have_model_monitors_dimensions_and_go_where_alarms_look(
    promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-cloudwatch.html"""
    run(outside, tmp_path, environment(promoted, Monitor.MODEL_QUALITY))
    lines = (tmp_path / "output/metrics/cloudwatch/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == outside.metrics
    found = {line["MetricName"]: line for line in outside.metrics}
    assert {"violations", "cases", "coverage", "auroc", "brier"} <= set(found)
    assert found["violations"]["Value"] == 0.0 and found["coverage"]["Value"] == 1.0
    dimensions = [("Endpoint", ENDPOINT), ("MonitoringSchedule", f"{ENDPOINT}-model-quality")]
    assert [(one["Name"], one["Value"]) for one in found["auroc"]["Dimensions"]] == dimensions
    assert found["auroc"]["Timestamp"] == "2026-11-26T07:00:00Z"


def test_wrong_labels_are_a_violation_that_the_event_and_the_exit_message_tell(
    promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    write_window(outside.root, promoted, scored_cases(promoted), flipped=True)
    report = run(outside, tmp_path, environment(promoted, Monitor.MODEL_QUALITY))
    assert report.status is WindowStatus.VIOLATIONS
    assert {"auroc", "brier"} <= {violation.metric for violation in outside.events[0].violations}
    assert report.violation_count == len(report.violations)
    told = delivered(outside, Monitor.MODEL_QUALITY, "constraint_violations.json")["violations"]
    assert {"metric_name", "constraint_check_type", "description"} <= set(told[0])
    assert (tmp_path / "output/message").read_text().startswith("CompletedWithViolations: 500 cases")


def test_a_job_killed_half_way_has_said_nothing_and_the_next_one_says_the_same(
    promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    told = environment(promoted, Monitor.MODEL_QUALITY)
    for step in ("deliver", "put_metrics", "announce"):
        outside.refuse = step
        with pytest.raises(ConnectionError, match=step):
            run(outside, tmp_path / step, told)
        assert outside.events == []
    outside.refuse = ""
    first = run(outside, tmp_path / "first", told)
    outside.moment += timedelta(hours=1)
    second = run(outside, tmp_path / "second", told)
    assert first.id == second.id
    folders = [tmp_path / name / "processing/output" for name in ("announce", "first", "second")]
    for path in folders[0].iterdir():
        contents = [json.loads((folder / path.name).read_bytes()) for folder in folders]
        if path.name == "window.json":
            contents = [{**content, "finished_at": None} for content in contents]
        assert contents[0] == contents[1] == contents[2]
        if path.name != "window.json":
            assert path.read_bytes() == (folders[2] / path.name).read_bytes()


def test_labels_of_cases_in_other_windows_are_not_unknown(
    promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    write_window(outside.root, promoted, scored_cases(promoted)[:100], start=START - timedelta(days=2))
    late = outside.root / f"capture/ground-truth/{ENDPOINT}"
    old = next(late.rglob("2026/11/24/**/*.jsonl"))
    target = late / f"{START:%Y/%m/%d/%H}/from-before.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    old.rename(target)
    report = run(outside, tmp_path, environment(promoted, Monitor.MODEL_QUALITY))
    assert report.labels is not None and report.labels.unknown == 0
    assert delivered(outside, Monitor.MODEL_QUALITY, "ground_truth.json")["elsewhere"] == 100


def test_merged_records_go_to_their_place(promoted: Promoted, outside: FolderOutside, tmp_path: Path) -> None:
    run(outside, tmp_path, environment(promoted, Monitor.MODEL_QUALITY))
    merged = outside.path(f"s3://capture/merged/{ENDPOINT}/{WINDOW.key}/merged.jsonl")
    records = [json.loads(line) for line in merged.read_text().splitlines()]
    assert len(records) == 5
    assert all({"captureData", "eventMetadata", "groundTruthData"} <= set(record) for record in records)


def test_the_same_files_as_inputs_of_the_job_give_the_same_verdict(
    promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    """As Model Monitor's schedules bring them: captured records and the baseline's files as folders."""
    shutil.copytree(outside.root / f"capture/captured/{ENDPOINT}", tmp_path / "processing/input/endpoint")
    shutil.copytree(outside.root / "models/runs/run-1/baseline", tmp_path / "processing/baseline")
    (tmp_path / "processing/input/model").mkdir(parents=True)
    shutil.copyfile(promoted.archive, tmp_path / "processing/input/model/model.tar.gz")
    local = {
        "dataset_source": "/opt/ml/processing/input/endpoint",
        "baseline_constraints": "/opt/ml/processing/baseline/data-quality/constraints.json",
        "baseline_statistics": "/opt/ml/processing/baseline/data-quality/statistics.json",
        "vigil_baseline_uri": "",
        "vigil_artefact_uri": "",
    }
    report = run(outside, tmp_path, environment(promoted, Monitor.DATA_QUALITY, **local))
    assert (report.status, report.cases) == (WindowStatus.OK, 500)


@pytest.mark.parametrize("name", ["baseline.json", "bias/statistics.json", "bias/constraints.json"])
def test_a_changed_baseline_is_refused(name: str, promoted: Promoted, outside: FolderOutside, tmp_path: Path) -> None:
    path = outside.path(MODELS) / name
    path.write_bytes(path.read_bytes().replace(b"0.1", b"0.9", 1))
    with pytest.raises(BaselineError, match=r"is not the pinned one: restore it"):
        run(outside, tmp_path, environment(promoted, Monitor.BIAS))
    assert outside.events == outside.delivered == []


@pytest.mark.parametrize(
    ("variable", "told"), [("vigil_artefact_digest", "belongs to the model"), ("vigil_plan_digest", "to the plan")]
)
def test_a_baseline_of_another_model_or_plan_is_refused(
    variable: str, told: str, promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    with pytest.raises(BaselineError, match=told):
        run(outside, tmp_path, environment(promoted, Monitor.BIAS, **{variable: "c" * 64}))


def test_another_model_than_the_one_named_is_refused(
    promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    extract_model(promoted.archive, folder)
    (folder / "model.json").write_bytes((folder / "model.json").read_bytes() + b" ")
    with tarfile.open(outside.path("s3://models/artefacts/model.tar.gz"), "w:gz") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)
    with pytest.raises(ModelMismatchError, match="the job was told"):
        run(outside, tmp_path, environment(promoted, Monitor.ATTRIBUTION))
    assert outside.events == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"vigil_monitor": ""}, "vigil_monitor is not set"),
        ({"vigil_monitor": "weather"}, "weather"),
        ({"start_time": "yesterday"}, "start_time must look like"),
        ({"end_time": "2026-11-26T05:00:00Z"}, "a window ends after it starts"),
        ({"vigil_baseline_digest": "short"}, "baseline_digest"),
        ({"dataset_format": "["}, "dataset_format must hold a JSON object"),
        ({"output_path": "/etc"}, "/etc is no folder below /opt/ml"),
        ({"vigil_baseline_uri": ""}, "set vigil_baseline_uri"),
        ({"vigil_artefact_uri": ""}, "set vigil_artefact_uri"),
    ],
)
def test_an_environment_that_cannot_be_used_is_named(
    changes: dict[str, str], told: str, promoted: Promoted, outside: FolderOutside, tmp_path: Path
) -> None:
    with pytest.raises(ContractError, match=told):
        run(outside, tmp_path, environment(promoted, Monitor.BIAS, **changes))
    assert outside.events == []


def test_an_empty_window_is_no_all_clear(promoted: Promoted, outside: FolderOutside, tmp_path: Path) -> None:
    shutil.rmtree(outside.root / "capture/captured")
    for monitor in Monitor:
        report = run(outside, tmp_path / monitor, environment(promoted, monitor))
        assert (report.status, report.cases) == (WindowStatus.TOO_FEW, 0), monitor
        assert report.note
