"""The baseline names its model and data, pins each of its files, and is the same bytes for the same input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from promoted_model import Promoted
from triage_cases import plan_with

from vigil.digests import file_digest, sha256_hex
from vigil.models.jobs import JobInputError
from vigil.monitoring.baseline import Baseline
from vigil.monitoring.baseline_job import run_baseline
from vigil.monitoring.models import Monitor


def test_the_baseline_pins_every_file(promoted: Promoted) -> None:
    baseline = Baseline.model_validate_json((promoted.folder / "baseline.json").read_bytes())
    names = {f"{monitor}/{name}" for monitor in Monitor for name in ("statistics.json", "constraints.json")}
    assert set(baseline.files) == names
    assert all(file_digest(promoted.folder / name) == digest for name, digest in baseline.files.items())
    assert baseline.digest == sha256_hex((promoted.folder / "baseline.json").read_bytes())
    assert (promoted.root / "output/message").read_text() == f"baseline {baseline.digest}"


def test_the_baseline_names_the_model_its_data_and_the_plans_rules(promoted: Promoted) -> None:
    baseline = promoted.baseline
    assert baseline.plan_digest == promoted.plan.digest
    assert baseline.dataset_version == promoted.model.settings.dataset_version
    assert baseline.rules == promoted.plan.protocol.monitoring
    assert baseline.cases == 500
    assert baseline.measures["auroc"].low is not None
    assert "vigil-" not in (promoted.folder / "baseline.json").read_text()  # no endpoint, no stack


def test_a_second_baseline_of_the_model_is_the_same(promoted: Promoted, tmp_path: Path) -> None:
    shutil.copytree(promoted.root / "processing/input", tmp_path / "processing/input", symlinks=True)
    assert run_baseline(tmp_path, lambda _line: None) == promoted.baseline


def test_a_baseline_under_another_plan_is_refused(promoted: Promoted, tmp_path: Path) -> None:
    shutil.copytree(promoted.root / "processing/input", tmp_path / "processing/input", symlinks=True)
    (tmp_path / "processing/input/plan/plan.json").write_bytes(plan_with(version="9.9").to_json())
    with pytest.raises(JobInputError, match="trained with plan"):
        run_baseline(tmp_path, lambda _line: None)
    assert not (tmp_path / "processing/output").exists()


def test_every_file_is_json_that_others_read(promoted: Promoted) -> None:
    for path in promoted.folder.rglob("*.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)
