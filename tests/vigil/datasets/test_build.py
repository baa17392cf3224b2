from __future__ import annotations

import json
import shutil

import pyarrow.parquet as pq
import pytest
from faers_archives import Archive

from vigil.datasets import manifest
from vigil.datasets.assemble import IncompleteStagingError, assemble
from vigil.datasets.build import assemble_quarters, build_dataset, curate_archives
from vigil.datasets.quality import QualityError
from vigil.datasets.records import OutputExistsError
from vigil.datasets.split_settings import SPLIT_FILES, SplitSettings
from vigil.digests import file_digest


def test_the_same_archives_give_the_same_version_whatever_their_order(archives, staging, tmp_path):
    build_dataset(list(reversed(archives)), tmp_path / "work", tmp_path / "staging", "synthetic")
    assert assemble(tmp_path / "staging", tmp_path / "a").version == assemble(staging, tmp_path / "b").version


def test_a_quarter_added_later_gives_what_all_at_once_gives(archives, staging, tmp_path):
    curate_archives(archives[:1], tmp_path / "quarters")
    quarters = curate_archives(archives, tmp_path / "quarters")
    assemble_quarters(quarters, tmp_path / "staging", "synthetic", SplitSettings())
    assert manifest.build(tmp_path / "staging") == manifest.build(staging)


def test_another_seed_or_profile_is_another_version(archives, staging, tmp_path):
    quarters = curate_archives(archives, tmp_path / "quarters")
    assemble_quarters(quarters, tmp_path / "seed", "synthetic", SplitSettings(seed=1))
    versions = {assemble(folder, tmp_path / f"v{n}").version for n, folder in enumerate([staging, tmp_path / "seed"])}
    assert len(versions) == 2


def test_the_engine_is_no_part_of_a_version(archives, staging, tmp_path):
    quarters = curate_archives(archives, tmp_path / "quarters")
    assemble_quarters(quarters, tmp_path / "other", "synthetic", SplitSettings(), engine_name="spark")
    assert assemble(tmp_path / "other", tmp_path / "a").version == assemble(staging, tmp_path / "b").version


def test_a_version_says_where_it_comes_from(archives, staging, tmp_path):
    assemble(staging, tmp_path / "version")
    described = json.loads((tmp_path / "version/dataset.json").read_bytes())
    assert (described["name"], described["quarters"], described["profile"]) == (
        "faers",
        ["2024Q1", "2024Q2"],
        "synthetic",
    )
    assert [archive["sha256"] for archive in described["archives"]] == [file_digest(path) for path in archives]
    assert described["split"] == {"seed": 20140101, "train": 0.7, "validation": 0.15, "test": 0.15}
    rows = {name: pq.read_metadata(tmp_path / "version" / SPLIT_FILES[name]).num_rows for name in described["rows"]}
    assert described["rows"] == rows


def test_a_version_has_exactly_the_files_of_the_contract(staging, tmp_path):
    built = assemble(staging, tmp_path / "version")
    assert [entry.path for entry in built.files] == [
        "cases/split=test/cases.parquet", "cases/split=test_next/cases.parquet", "cases/split=train/cases.parquet",
        "cases/split=validation/cases.parquet", "dataset.json", "measurements.json", "profile.json", "quality.json",
        "rejects.jsonl",
    ]  # fmt: skip
    assert manifest.read(tmp_path / "version") == built


def test_what_fails_a_quality_rule_cannot_become_a_version(staging, tmp_path):
    shutil.copytree(staging, tmp_path, dirs_exist_ok=True)
    measured = json.loads((tmp_path / "measurements.json").read_bytes())
    measured["metrics"]["reject_rate"] = 0.5
    (tmp_path / "measurements.json").write_text(json.dumps(measured))
    with pytest.raises(QualityError, match="rejected lines"):
        assemble(tmp_path, tmp_path / "version")
    assert not (tmp_path / "version").exists()


def test_what_a_failed_run_left_cannot_become_a_version(staging, tmp_path):
    shutil.copytree(staging, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("provenance.json"))
    with pytest.raises(IncompleteStagingError, match=r"provenance\.json"):
        assemble(tmp_path, tmp_path / "version")


def test_a_failure_leaves_no_output(archives, tmp_path):
    bad = Archive("2024Q3").report(1).write(tmp_path, changes={"ASCII/REAC24Q3.txt": b"x\n"})
    with pytest.raises(Exception, match=r"REAC24Q3\.txt line 1: wrong header"):
        build_dataset([*archives, bad], tmp_path / "work", tmp_path / "out", "synthetic")
    assert not (tmp_path / "out").exists()


def test_an_existing_output_is_not_overwritten(archives, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="out is not empty"):
        build_dataset(archives, tmp_path / "work", tmp_path / "out", "synthetic")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "work"]


def test_an_unknown_profile_is_refused_before_any_work(archives, tmp_path):
    with pytest.raises(QualityError, match="no quality profile"):
        build_dataset(archives, tmp_path / "work", tmp_path / "out", "best")
    assert not (tmp_path / "work").exists()


def test_text_of_a_shifted_column_never_reaches_the_measurements(tmp_path):
    quarters = [Archive(quarter) for quarter in ("2024Q1", "2024Q2")]
    for case in range(1, 200):
        quarters[case % 2].report(case, sex="JANE DOE FROM OHIO")
    paths = [quarter.write(tmp_path) for quarter in quarters]
    measurements = build_dataset(paths, tmp_path / "work", tmp_path / "out", "synthetic")
    assert measurements.codes["sex"] == {"(not a code)": 199}
    assert "JANE" not in (tmp_path / "out/measurements.json").read_text()


def test_orphans_and_repeats_are_measured(tmp_path):
    first = Archive("2024Q1")
    for case in range(1, 100):
        first.report(case)
    first.lines["OUTC"].append("999999$99999$DE")
    first.lines["DEMO"].append(first.lines["DEMO"][0])
    paths = [first.write(tmp_path), Archive("2024Q2").report(500).write(tmp_path)]
    metrics = build_dataset(paths, tmp_path / "work", tmp_path / "out", "synthetic").metrics
    assert (metrics["orphans.outc"], metrics["orphans.reac"], metrics["repeated.primaryid"]) == (1.0, 0.0, 1)
    assert metrics["rows.total"] == 100
