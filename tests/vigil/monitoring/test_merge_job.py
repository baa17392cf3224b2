from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from captured_cases import DIGEST, ENDPOINT, START, WINDOW, FolderOutside, capture_line, hour_file, label_line, report

from vigil.monitoring.contract import ContractError
from vigil.monitoring.merge_job import run_merge

ENVIRONMENT = {
    "vigil_monitor": "model-quality", "sagemaker_endpoint_name": ENDPOINT, "start_time": "2026-11-26T05:00:00Z",
    "end_time": "2026-11-26T07:00:00Z", "dataset_source": "s3://c/captured/", "output_path": "/opt/ml/processing",
    "vigil_baseline_digest": DIGEST, "vigil_artefact_digest": DIGEST, "vigil_plan_digest": DIGEST,
    "vigil_report_uri": "s3://c/merged/", "vigil_merged_uri": "s3://c/merged/", "ground_truth_source": "s3://c/truth/",
}  # fmt: skip


def test_captured_cases_get_their_labels_and_everything_is_counted(tmp_path: Path) -> None:
    outside = FolderOutside(tmp_path)
    hour_file(tmp_path / "c/captured/champion", START, [capture_line([report("1"), report("2"), report("3")])])
    in_time = [label_line("request-1", {"1": True}), "no label", label_line("request-1", {"1": True, "9": False})]
    hour_file(tmp_path / "c/truth", START, in_time)
    hour_file(
        tmp_path / "c/truth", WINDOW.end + timedelta(hours=1), [label_line("request-1", {"2": False, "1": False})]
    )
    counts = run_merge(ENVIRONMENT, outside, lambda line: None).counts
    assert (counts.scored, counts.labelled, counts.late) == (3, 2, 2)
    assert (counts.duplicate, counts.contradictory, counts.unknown, counts.unreadable) == (1, 1, 1, 1)
    place = f"s3://c/merged/{WINDOW.key}/"
    assert outside.delivered == [f"{place}merged.jsonl", f"{place}ground_truth.json"]
    (line,) = outside.path(f"{place}merged.jsonl").read_text().splitlines()
    assert json.loads(json.loads(line)["groundTruthData"]["data"]) == {"1": False, "2": False}
    assert json.loads(outside.path(f"{place}ground_truth.json").read_text())["counts"]["labelled"] == 2
    assert outside.events == []


@pytest.mark.parametrize("missing", ["vigil_merged_uri", "ground_truth_source"])
def test_a_job_that_was_told_too_little_says_what(tmp_path: Path, missing: str) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != missing}
    with pytest.raises(ContractError, match=missing):
        run_merge(environment, FolderOutside(tmp_path), lambda line: None)
