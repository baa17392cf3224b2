"""`vigil datasets` as a person calls it, on two released versions."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from s3_server import s3_server
from typer.testing import CliRunner

from vigil.aws.dataset_release import release
from vigil.aws.objects import S3Uri, files_below, put_file
from vigil.cases.quarter import quarter_range
from vigil.cases.synthetic.generate import generate
from vigil.cli import datasets
from vigil.datasets.assemble import assemble
from vigil.datasets.build import assemble_quarters, curate_archives
from vigil.datasets.registry import Registry
from vigil.datasets.split_settings import SplitSettings


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two versions: two quarters, then three. Their ids, oldest first."""
    folder = tmp_path_factory.mktemp("released")
    archives = [item.path for item in generate(quarter_range("2024Q1:2024Q3"), 1000, 7, folder / "archives")]
    registry = Registry((folder / "registry.git").as_uri())
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "registry.git")], check=True)
    versions = []
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as server:
        quarters = curate_archives(archives, folder / "quarters")
        for count in (2, 3):
            staging = folder / f"staging-{count}"
            assemble_quarters(quarters[:count], staging, "synthetic", SplitSettings())
            prefix = S3Uri(server.datasets, f"staging/{count}/")
            for name, path in files_below(staging):
                put_file(path, prefix / name)
            when = datetime(2024, count, 1, tzinfo=UTC)
            made = release(str(prefix), server.datasets, registry, when=when, database=server.database)
            versions.append(made.version)
        parameters = type("P", (), {"buckets": type("B", (), {"datasets": server.datasets})})
        patch.setattr("vigil.aws.releases.load_parameters", parameters)
        yield versions


def call(*arguments: str, code: int = 0, columns: int = 160) -> str:
    done = CliRunner().invoke(datasets.app, list(arguments), env={"COLUMNS": str(columns)})
    assert done.exit_code == code, done.output
    return done.output


def test_a_narrow_terminal_loses_no_column(released):
    """Eighty columns are what a pipe and many terminals have."""
    listed, shown = call("list", columns=80), call("show", released[0][:12], columns=80)
    assert all(name in listed for name in (released[0][:12], "engine", "duckdb", "cases", "serious"))
    assert all(name in shown for name in ("SHA-256", "reports", "rejects", "cases", "serious"))


def test_releases_are_listed_for_people_and_programs(released):
    table = call("list")
    assert [line.split()[0] for line in table.splitlines() if released[0][:12] in line or released[1][:12] in line] == [
        version[:12] for version in released
    ]
    assert "2024Q1 to 2024Q3 (3)" in table and "2024-03-01" in table
    listed = json.loads(call("list", "--json"))
    assert [record["version"] for record in listed] == released
    assert listed[1]["quarters"] == ["2024Q1", "2024Q2", "2024Q3"]


def test_a_version_is_shown_with_its_archives_quality_and_distributions(released):
    shown = call("show", released[1][:12])
    for words in ("2024Q3", "current FAERS", "test_next", "age_years", "█", "missing"):
        assert words in shown
    document = json.loads(call("show", released[1][:8], "--json"))
    assert document["dataset.json"]["quarters"] == ["2024Q1", "2024Q2", "2024Q3"]
    assert document["profile.json"]["columns"]["sex"]["shares"]


def test_two_versions_are_compared_row_by_row(released):
    found = json.loads(call("diff", *released, "--json"))
    assert found["came"]["count"] > 500 and found["came"]["by_split"]["test_next"] > 500
    assert found["moved"] > 500, "what was the newest quarter is now trained on"
    assert "first_ids" not in found["came"]
    assert found["schema_changes"] == []
    text = call("diff", released[0][:12], released[1][:12], "--ids", "--exit-code", code=datasets.DIFFERENT)
    assert "came" in text and "3000" in text and "Distributions" in text


def test_a_version_does_not_differ_from_itself(released):
    assert "same cases" in call("diff", released[0], released[0], "--exit-code")


def test_folders_are_compared_too_once_they_are_verified(released, tmp_path):
    archives = [item.path for item in generate(quarter_range("2024Q1:2024Q3"), 1000, 7, tmp_path / "archives")]
    assemble_quarters(curate_archives(archives[:2], tmp_path / "q"), tmp_path / "staging", "synthetic", SplitSettings())
    assert assemble(tmp_path / "staging", tmp_path / "version").version == released[0]
    assert "same cases" in call("diff", released[0], str(tmp_path / "version"))
    changed = Path(shutil.copytree(tmp_path / "version", tmp_path / "changed"))
    (changed / "rejects.jsonl").write_text("{}\n")
    assert "rejects.jsonl has" in call("diff", released[0], str(changed), code=1)


def test_a_version_that_was_never_released_is_named(released):
    assert "datasets show: no release has the version 'ffffffff'" in call("show", "ffffffff", code=1)


def test_the_page_about_the_data_is_written_and_checked(tmp_path):
    page = tmp_path / "data.md"
    assert "is stale" in call("document", "--check", "--out", str(page), code=datasets.DIFFERENT)
    call("document", "--out", str(page))
    call("document", "--check", "--out", str(page))
