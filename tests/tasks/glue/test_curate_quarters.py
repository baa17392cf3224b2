"""The Glue job as Glue starts it: its own process, its own argument list, the library as a zip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from faers_archives import Archive
from s3_server import S3Server, s3_server

from tasks.glue import curate_quarters
from vigil.aws.landing import LandedArchive, land, upload
from vigil.aws.objects import S3Uri, list_prefix, put_bytes
from vigil.cases.quarter import quarter_range
from vigil.cases.synthetic.generate import generate

LIMIT_SECONDS = 120


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with s3_server(monkeypatch) as made:
        yield made


@pytest.fixture(scope="module")
def library(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``vigil.zip``, as the job's ``--extra-py-files`` carries it."""
    path = tmp_path_factory.mktemp("library") / "vigil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((repository / "vigil").rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(repository))
    return path


def landed(server: S3Server, paths: list[Path]) -> list[LandedArchive]:
    return land([uri for _, uri in upload(paths, server.raw)], server.raw)


def run_job(
    repository: Path, library: Path, archives: list[LandedArchive], output: str
) -> subprocess.CompletedProcess[str]:
    script = repository / "tasks/glue/curate_quarters.py"
    argv = [
        "--JOB_NAME", "vigil-unit-curate", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://x/y", "--enable-metrics", "true",
        "--archives", json.dumps([archive.model_dump() for archive in archives]), "--output", output,
        "--profile", "synthetic", "--stack", "unit",
    ]  # fmt: skip
    return subprocess.run(
        [sys.executable, str(script), *argv],
        env={**os.environ, "PYTHONPATH": str(library)},
        cwd=library.parent, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip


def test_landed_quarters_become_split_files_with_measurements(server, repository, library, tmp_path):
    written = generate(quarter_range("2024Q1:2024Q2"), 300, 7, tmp_path)
    output = f"s3://{server.datasets}/staging/run-1/"
    done = run_job(repository, library, landed(server, [item.path for item in written]), output)
    assert done.returncode == 0, done.stderr
    assert "rows.train: " in done.stdout
    assert list_prefix(S3Uri.parse(output)) == [
        "cases/split=test/cases.parquet", "cases/split=test_next/cases.parquet", "cases/split=train/cases.parquet",
        "cases/split=validation/cases.parquet", "measurements.json", "profile.json", "provenance.json", "rejects.jsonl",
    ]  # fmt: skip


def test_a_quarter_that_was_curated_before_is_not_read_again(server, repository, library, tmp_path):
    written = generate(quarter_range("2024Q1:2024Q3"), 300, 7, tmp_path)
    archives = landed(server, [item.path for item in written])
    first = run_job(repository, library, archives[:2], f"s3://{server.datasets}/staging/run-1/")
    assert first.returncode == 0, first.stderr
    for archive in archives[:2]:
        uri = S3Uri.parse(archive.uri)
        server.s3.delete_object(Bucket=uri.bucket, Key=uri.key)
    second = run_job(repository, library, archives, f"s3://{server.datasets}/staging/run-2/")
    assert second.returncode == 0, second.stderr
    assert [line.split(":")[0] for line in second.stdout.splitlines() if "curated before" in line] == [
        "2024Q1",
        "2024Q2",
    ]
    assert "2024Q3: " in second.stdout and "cases curated by duckdb" in second.stdout


def test_a_curated_quarter_that_was_changed_is_refused(server, repository, library, tmp_path):
    written = generate(quarter_range("2024Q1:2024Q2"), 300, 7, tmp_path)
    archives = landed(server, [item.path for item in written])
    assert run_job(repository, library, archives, f"s3://{server.datasets}/staging/run-1/").returncode == 0
    curated = S3Uri(server.datasets, "curated/")
    (cases, *_) = [name for name in list_prefix(curated) if name.endswith("cases.parquet")]
    put_bytes(b"other rows", S3Uri(server.datasets, f"curated/{cases}"))
    output = f"s3://{server.datasets}/staging/run-2/"
    done = run_job(repository, library, archives, output)
    assert done.returncode != 0
    assert "StaleQuarterError" in done.stderr and "cases.parquet changed since" in done.stderr
    assert list_prefix(S3Uri.parse(output)) == []


def test_a_failure_names_the_file_and_leaves_nothing(server, repository, library, tmp_path):
    good = Archive("2024Q1").report(1).write(tmp_path)
    bad = Archive("2024Q2").report(1)
    bad.lines["REAC"] = ["damaged"] * 50
    output = f"s3://{server.datasets}/staging/run-2/"
    done = run_job(repository, library, landed(server, [good, bad.write(tmp_path)]), output)
    assert done.returncode != 0
    assert (
        done.stderr.splitlines()[-1]
        .removeprefix("__main__.")
        .startswith(
            "CurationFailedError: ArchiveError: faers_ascii_2024q2.zip: ASCII/REAC24Q2.txt: 50 of 50 lines are unusable"
        )
    )
    assert list_prefix(S3Uri.parse(output)) == []


def test_an_archive_that_changed_since_it_was_landed_is_refused(server, repository, library, tmp_path):
    (archive,) = landed(server, [Archive("2024Q1").report(1).write(tmp_path)])
    put_bytes(Archive("2024Q1").report(2).write(tmp_path).read_bytes(), S3Uri.parse(archive.uri))
    done = run_job(repository, library, [archive], f"s3://{server.datasets}/staging/run-3/")
    assert done.returncode != 0
    assert "ArchiveChangedError" in done.stderr and archive.sha256 in done.stderr


def test_a_librarys_message_is_not_told_since_it_may_quote_a_report(monkeypatch, capsys):
    def fail(*_: object) -> None:
        raise ValueError("could not convert string 'JANE DOE, 44' to float")

    monkeypatch.setattr(curate_quarters, "run", fail)
    with pytest.raises(curate_quarters.CurationFailedError, match=r"^ValueError at .*:\d+$") as caught:
        curate_quarters.main(
            ["--JOB_NAME", "j", "--archives", "[]", "--output", "s3://b/o/", "--profile", "synthetic", "--stack", "s"]
        )
    assert "JANE" not in "".join(traceback.format_exception(caught.value))
