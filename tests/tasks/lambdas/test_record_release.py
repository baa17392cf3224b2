import json

import pytest
from ledger_reading import broken_ledger, records

from tasks.lambdas.record_release import handler
from vigil.aws.ledger_ports import LedgerUnavailableError
from vigil.aws.release_ledger import ReleaseNotProvenError
from vigil.aws.releases import ReleaseRecord, read_release_bytes, record_release
from vigil.digests import sha256_hex


@pytest.fixture
def version(stack):
    """A release as Airflow's task leaves it: the data's manifest and the release record."""
    made = stack.release_dataset()
    record_release(release_of(stack, made), stack.parameters.buckets.datasets)
    return made


def release_of(stack, version, **changes):
    document = {
        "name": "faers", "version": version, "tag": f"faers-{version[:12]}", "quarters": ("2023Q1",),
        "prefix": f"s3://{stack.parameters.buckets.datasets}/datasets/faers/{version}/", "profile": "synthetic",
        "rows": {"train": 1}, "serious_rate": 0.5, "schema_version": 2, "engine": "duckdb", "curation_revision": "r",
        "archives": ("f" * 64,), "released_at": "2026-03-02T09:30:00Z",
        "gate": {"passed": True, "warnings": ("drift",), "compared_with": "c" * 64},
    }  # fmt: skip
    return ReleaseRecord.model_validate(document | changes)


def asked(version):
    return {"version": version, "released_by": "airflow:dana", "dag_run_id": "manual__1"}


def test_a_release_is_recorded_once_as_it_lies_in_the_bucket(stack, version):
    assert handler(asked(version), None) == {"sequence": 1}
    assert handler(asked(version) | {"dag_run_id": "again"}, None) == {"sequence": 1}
    (found,) = records(stack, "stack")
    assert (found.event, found.actor.name, found.actor.verified) == ("dataset.released", "airflow:dana", False)
    stored = read_release_bytes(version, stack.parameters.buckets.datasets)
    assert found.new["release_record_digest"] == sha256_hex(stored)
    assert (found.old, found.new["version"]) == ("c" * 64, version)
    assert found.details["dag_run_id"] == "manual__1"


def test_what_is_not_released_is_not_recorded(stack):
    with pytest.raises(ReleaseNotProvenError, match="is not released"):
        handler(asked("e" * 64), None)
    assert records(stack, "stack") == []


def test_a_release_record_of_something_else_is_not_recorded(stack, version):
    place = f"s3://{stack.parameters.buckets.datasets}/releases/faers/{version}.json"
    stack.put(place, release_of(stack, "e" * 64).model_dump_json().encode())
    with pytest.raises(ReleaseNotProvenError, match="something else"):
        handler(asked(version), None)


def test_a_version_whose_manifest_was_changed_is_not_recorded(stack, version):
    place = f"s3://{stack.parameters.buckets.datasets}/datasets/faers/{version}/manifest.json"
    stack.put(place, json.dumps({"files": [{"path": "other", "size": 1, "sha256": "0" * 64}]}).encode())
    with pytest.raises(ReleaseNotProvenError):
        handler(asked(version), None)
    assert records(stack, "stack") == []


def test_a_release_that_cannot_be_recorded_fails_the_call(version, monkeypatch):
    with broken_ledger(monkeypatch), pytest.raises(LedgerUnavailableError):
        handler(asked(version), None)
