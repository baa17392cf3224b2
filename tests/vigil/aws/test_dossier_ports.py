"""What a dossier reads in a stack: what serves, release records, and profiles held against their manifest."""

from __future__ import annotations

import pytest
from moto_stack import moto_stack

from vigil.approvals.dossier_ports import SourceError
from vigil.aws.dossier_ports import ReleasedDatasets, dossier_ports
from vigil.aws.releases import GateFacts, ReleaseRecord, record_release
from vigil.datasets.manifest import Manifest, ManifestEntry
from vigil.datasets.models import DatasetProfile
from vigil.datasets.records import record_bytes
from vigil.digests import sha256_hex

PROFILE = DatasetProfile(rows=7, columns={}, quarters={})


@pytest.fixture
def stack(monkeypatch):
    with moto_stack(monkeypatch) as made:
        yield made


@pytest.fixture
def version(stack) -> str:
    """A released version with a profile."""
    content = record_bytes(PROFILE)
    manifest = Manifest(files=(ManifestEntry(path="profile.json", size=len(content), sha256=sha256_hex(content)),))
    prefix = f"s3://{stack.parameters.buckets.datasets}/datasets/faers/{manifest.version}/"
    stack.put(prefix + "profile.json", content)
    stack.put(prefix + "manifest.json", manifest.to_bytes())
    record = ReleaseRecord(
        name="faers", version=manifest.version, prefix=prefix, tag="faers-1", quarters=("2023q4", "2024q1"),
        profile="synthetic", rows={"train": 5, "test": 2}, serious_rate=0.5, schema_version=1, engine="duckdb",
        curation_revision="revision-1", released_at="2026-01-02T03:04:05Z",
        gate=GateFacts(passed=True, warnings=("few-weights",), compared_with="b" * 64),
    )  # fmt: skip
    record_release(record, stack.parameters.buckets.datasets)
    return manifest.version


@pytest.fixture
def datasets(stack) -> ReleasedDatasets:
    return ReleasedDatasets(stack.parameters.buckets.datasets, stack.client("s3"))


def test_a_release_is_read_by_its_version_alone(datasets, version):
    found = datasets.release(version)
    assert (found.version, found.quarters, found.cases) == (version, ("2023q4", "2024q1"), {"train": 5, "test": 2})
    assert (found.profile, found.warnings, found.compared_with) == ("synthetic", ("few-weights",), "b" * 64)


def test_a_profile_is_the_one_that_was_released(stack, datasets, version):
    assert datasets.profile(version) == PROFILE
    other = record_bytes(PROFILE.model_copy(update={"rows": 8}))
    stack.put(f"s3://{stack.parameters.buckets.datasets}/datasets/faers/{version}/profile.json", other)
    with pytest.raises(SourceError, match="not the one that was released"):
        datasets.profile(version)


def test_what_cannot_be_read_is_told_as_one_kind_of_error(stack, datasets, version):
    with pytest.raises(SourceError, match="there is no s3://"):
        datasets.release("e" * 64)
    stack.put(f"s3://{stack.parameters.buckets.datasets}/releases/faers/{'e' * 64}.json", b"{")
    with pytest.raises(SourceError, match="not readable"):
        datasets.release("e" * 64)


def test_what_serves_is_what_the_models_table_says(stack):
    serving = dossier_ports(stack.parameters).serving
    assert serving.serving() is None
    record = {
        "model_package_arn": f"endpoint#{stack.parameters.sagemaker.endpoint}", "active_package": "package/1",
        "approval_request_id": "apr-1", "since": "2026-01-05T00:00:00.000000Z",
    }  # fmt: skip
    item = {name: {"S": value} for name, value in record.items()}
    stack.client("dynamodb").put_item(TableName=stack.parameters.tables.models, Item=item)
    found = serving.serving()
    assert found is not None and (found.model_package_arn, found.approval_request_id) == ("package/1", "apr-1")
