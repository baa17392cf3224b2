"""Releases against an S3 that DVC, a process of its own, reaches as well."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from s3_server import S3Server, s3_server

from vigil.aws.dataset_release import GATE_FILE, ReleasedDataset, ReleaseError, check_staged, release
from vigil.aws.environment import aws_client
from vigil.aws.objects import S3Uri, files_below, get_bytes, list_prefix, put_bytes, put_file
from vigil.aws.releases import list_releases
from vigil.cases.quarter import quarter_range
from vigil.cases.synthetic.generate import generate
from vigil.datasets import manifest
from vigil.datasets.build import build_dataset
from vigil.datasets.quality import QualityError
from vigil.datasets.registry import Registry, RegistryError
from vigil.datasets.report.page import REPORT_FILE
from vigil.datasets.split_settings import SPLIT_FILES

WHEN = datetime(2024, 5, 1, tzinfo=UTC)


def staging_of(folder: Path, seed: int) -> Path:
    written = generate(quarter_range("2024Q1:2024Q2"), 1000, seed, folder / "archives")
    build_dataset([item.path for item in written], folder / "work", folder / "staging", "synthetic")
    return folder / "staging"


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staging_of(tmp_path_factory.mktemp("staging"), 7)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with s3_server(monkeypatch) as made:
        yield made


def bare(folder: Path) -> Registry:
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    return Registry(folder.as_uri())


@pytest.fixture
def empty_registry(tmp_path: Path) -> Registry:
    """Its first release starts it."""
    return bare(tmp_path / "registry.git")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with the commit that every first release makes, the same each time; DVC needs seconds for it."""
    folder = tmp_path_factory.mktemp("started")
    bare(folder / "registry.git")._clone(folder / "clone")
    subprocess.run(["git", "-C", str(folder / "clone"), "push", "--quiet", "origin", "main"], check=True)
    return folder / "registry.git"


@pytest.fixture
def registry(started: Path, tmp_path: Path) -> Registry:
    """Started, and without a release."""
    shutil.copytree(started, tmp_path / "registry.git")
    return Registry((tmp_path / "registry.git").as_uri())


def stage(server: S3Server, staging: Path, key: str = "run-1", note: str = "") -> str:
    """Upload what a curation left; ``note`` makes another version of it."""
    prefix = S3Uri(server.datasets, f"staging/{key}/")
    for name, path in files_below(staging):
        put_file(path, prefix / name)
    if note:
        put_bytes(note.encode(), prefix / "rejects.jsonl")
    return str(prefix)


def log(registry: Registry) -> list[str]:
    folder = registry.url.removeprefix("file://")
    command = ["git", "-C", folder, "log", "--format=%an <%ae> %aI %s", "main"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def release_staged(prefix: str, server: S3Server, registry: Registry, when: datetime = WHEN) -> ReleasedDataset:
    return release(prefix, server.datasets, registry, when=when, database=server.database)


def released_by(server: S3Server, staging: Path, registry: Registry, **options: str) -> ReleasedDataset:
    return release_staged(stage(server, staging, **options), server, registry)


def test_a_release_lies_where_its_content_names_it_and_is_registered(server, staging, empty_registry):
    released = released_by(server, staging, empty_registry)
    assert released.prefix == f"s3://{server.datasets}/datasets/faers/{released.version}/"
    assert released.tag == f"faers-{released.version[:12]}"
    assert not released.already_released
    assert set(list_prefix(S3Uri.parse(released.prefix))) == {
        "cases/split=test/cases.parquet", "cases/split=test_next/cases.parquet", "cases/split=train/cases.parquet",
        "cases/split=validation/cases.parquet", "dataset.json", "manifest.json", "measurements.json", "profile.json",
        "quality.json", "rejects.jsonl",
    }  # fmt: skip
    stored = manifest.Manifest.model_validate_json(get_bytes(S3Uri.parse(released.prefix) / "manifest.json"))
    assert stored.version == released.version
    assert log(empty_registry) == [
        f"Vigil release <release@vigil.invalid> 2024-05-01T00:00:00+00:00 Release faers {released.version}",
        "Vigil release <release@vigil.invalid> 2014-07-01T00:00:00+00:00 Start the data registry",
    ]


def test_a_release_is_recorded_and_stands_in_the_catalog(server, staging, registry):
    released = released_by(server, staging, registry)
    (record,) = list_releases(server.datasets)
    assert (record.version, record.prefix, record.tag) == (released.version, released.prefix, released.tag)
    assert (record.quarters, record.profile, record.engine) == (("2024Q1", "2024Q2"), "synthetic", "duckdb")
    assert (sum(record.rows.values()), record.released_at) == (
        record.rows["train"] + sum(rows for name, rows in record.rows.items() if name != "train"),
        WHEN,
    )
    table = aws_client("glue").get_table(DatabaseName=server.database, Name="cases")["Table"]
    assert table["Owner"] == "data-engineering"
    partitions = aws_client("glue").get_partitions(DatabaseName=server.database, TableName="cases")["Partitions"]
    assert {(part["Values"][0], part["Values"][1]) for part in partitions} == {
        (released.version, name) for name in SPLIT_FILES
    }
    assert {part["StorageDescriptor"]["Location"] for part in partitions} == {
        f"{released.prefix}cases/split={name}/" for name in SPLIT_FILES
    }


def test_releasing_again_changes_nothing(server, staging, registry):
    first = released_by(server, staging, registry)
    before = server.s3.list_object_versions(Bucket=server.datasets, Prefix="datasets/")["Versions"]
    again = released_by(server, staging, registry)
    assert again == first.model_copy(update={"already_released": True})
    assert len(list_releases(server.datasets)) == 1
    assert server.s3.list_object_versions(Bucket=server.datasets, Prefix="datasets/")["Versions"] == before
    assert len(log(registry)) == 2


def test_a_version_can_be_had_after_its_objects_were_overwritten(server, staging, registry, tmp_path):
    released = released_by(server, staging, registry)
    put_bytes(b"overwritten", S3Uri.parse(released.prefix) / SPLIT_FILES["train"])
    registry.get("faers", released.version[:12], tmp_path / "got")
    manifest.verify(tmp_path / "got", manifest.read(tmp_path / "got"))
    assert manifest.read(tmp_path / "got").version == released.version

    # The plain command, without Vigil.
    path = f"faers/{released.version}"
    command = [sys.executable, "-m", "dvc", "get", "--rev", released.tag, registry.url, path, "-o", "plain"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "plain" / SPLIT_FILES["train"]).read_bytes() == (
        tmp_path / "got" / SPLIT_FILES["train"]
    ).read_bytes()


def test_the_registry_pins_versions_and_holds_no_endpoint(server, staging, registry):
    released = released_by(server, staging, registry)
    folder = registry.url.removeprefix("file://")
    pinned = subprocess.run(
        ["git", "-C", folder, "show", f"{released.tag}:faers/{released.version}.dvc"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert pinned.count("version_id:") == 10
    assert server.url.removeprefix("http://") not in pinned


def test_a_rejected_push_is_rebased_and_tried_again(server, staging, empty_registry, monkeypatch):
    other = stage(server, staging, key="run-2", note='{"invented": 1}\n')
    real_push, raced = Registry._push, []

    def push_late(self, clone, tag, message, date):
        """Another release comes first, between this one's clone and its push."""
        if not raced:
            raced.append(tag)
            release_staged(other, server, Registry(empty_registry.url))
        return real_push(self, clone, tag, message, date)

    monkeypatch.setattr(Registry, "_push", push_late)
    released = released_by(server, staging, empty_registry)
    assert not released.already_released
    assert len(log(empty_registry)) == 3
    assert empty_registry.has(released.tag)


@pytest.mark.parametrize("later", [timedelta(), timedelta(seconds=1)])
def test_two_releases_of_one_version_at_once_are_one(server, staging, empty_registry, monkeypatch, later):
    real_push, raced = Registry._push, []

    def push_late(self, clone, tag, message, date):
        if not raced:
            raced.append(tag)
            release_staged(stage(server, staging), server, Registry(empty_registry.url), WHEN + later)
        return real_push(self, clone, tag, message, date)

    monkeypatch.setattr(Registry, "_push", push_late)
    assert released_by(server, staging, empty_registry).already_released
    assert len(log(empty_registry)) == 2


def test_overwritten_objects_stop_a_release(server, staging, registry):
    released = released_by(server, staging, registry)
    put_bytes(b"overwritten", S3Uri.parse(released.prefix) / SPLIT_FILES["test"])
    with pytest.raises(ReleaseError, match=r"split=test/cases\.parquet has 11 bytes.*restore"):
        released_by(server, staging, registry)


def test_a_bucket_without_versions_is_refused_before_anything_is_put(server, staging, registry):
    server.s3.put_bucket_versioning(Bucket=server.datasets, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(ReleaseError, match="enable versioning"):
        released_by(server, staging, registry)
    assert list_prefix(S3Uri(server.datasets, "datasets/")) == []


def test_staged_files_are_judged_and_the_report_is_kept(server, staging, registry):
    prefix = stage(server, staging)
    assert check_staged(prefix, bucket=server.datasets).failures == ()
    measured = json.loads((staging / "measurements.json").read_bytes())
    measured["metrics"]["serious_rate.all"] = 0.01
    put_bytes(json.dumps(measured).encode(), S3Uri.parse(prefix) / "measurements.json")
    with pytest.raises(QualityError, match="serious cases"):
        check_staged(prefix, bucket=server.datasets)
    kept = json.loads(get_bytes(S3Uri.parse(prefix) / GATE_FILE))
    missed = [result["rule"] for result in kept["results"] if result["judged"] and not result["passed"]]
    assert missed == ["serious cases"]
    assert b"Not released" in get_bytes(S3Uri.parse(prefix) / REPORT_FILE)
    with pytest.raises(QualityError, match="serious cases"):
        release_staged(prefix, server, registry)
    assert list_prefix(S3Uri(server.datasets, "datasets/")) == []


def test_what_the_gate_refused_is_not_released_whatever_became_of_its_task(server, staging, registry):
    prefix = stage(server, staging)
    report = check_staged(prefix, bucket=server.datasets)
    drifted = next(result for result in report.results if result.rule == "label drifts far")
    refused = drifted.model_copy(update={"judged": True, "passed": False, "measured": 0.5})
    changed = report.model_copy(update={"results": (refused,)})
    put_bytes(changed.model_dump_json().encode(), S3Uri.parse(prefix) / GATE_FILE)
    with pytest.raises(QualityError, match="label drifts far"):
        release_staged(prefix, server, registry)
    assert list_prefix(S3Uri(server.datasets, "datasets/")) == []
    assert list_releases(server.datasets) == []


def test_the_gate_compares_with_the_last_release_and_the_record_says_so(server, staging, registry, tmp_path):
    first = released_by(server, staging, registry)
    other = stage(server, staging_of(tmp_path, 8), key="run-2")
    report = check_staged(other, bucket=server.datasets)
    assert report.compared_with == first.version
    assert all(result.judged for result in report.results)
    second = release_staged(other, server, registry, WHEN + timedelta(days=1))
    records = {record.version: record for record in list_releases(server.datasets)}
    assert records[first.version].gate is None
    gate = records[second.version].gate
    assert gate is not None
    assert (gate.passed, gate.compared_with) == (True, first.version)


def test_a_run_that_is_repeated_is_not_compared_with_itself(server, staging, registry):
    released_by(server, staging, registry)
    assert check_staged(stage(server, staging, key="run-2"), bucket=server.datasets).compared_with is None


def test_a_version_that_was_never_released_is_named(registry, tmp_path):
    with pytest.raises(RegistryError, match="no version 0123456789ab of faers"):
        registry.get("faers", "0123456789ab", tmp_path / "got")


def test_an_error_of_the_registry_never_shows_its_url_or_credential(tmp_path):
    registry = Registry("http://someone:s3cr3t@127.0.0.1:1/registry.git")
    with pytest.raises(RegistryError) as caught:
        registry.has("faers-0")
    assert "git ls-remote" in str(caught.value)
    assert "s3cr3t" not in str(caught.value) and "someone" not in str(caught.value)
    assert caught.value.__cause__ is None
