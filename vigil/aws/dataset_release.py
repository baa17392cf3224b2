"""Release a dataset version: put it where its content names it, verify it there, register it in the DVC registry."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.aws.data_catalog import publish_version
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.objects import S3Uri, files_below, get_bytes, get_file, get_prefix, put_bytes, put_file, put_new
from vigil.aws.releases import GateFacts, ReleaseRecord, last_release, record_release
from vigil.cases.staged_counts import REJECTS_FILE
from vigil.datasets import manifest
from vigil.datasets.assemble import assemble
from vigil.datasets.manifest import MANIFEST_FILE, Manifest
from vigil.datasets.models import (
    DATASET_NAME,
    DESCRIPTION_FILE,
    MEASUREMENTS_FILE,
    PROFILE_FILE,
    PROVENANCE_FILE,
    DatasetDescription,
    DatasetProfile,
    Measurements,
    Provenance,
)
from vigil.datasets.quality import QualityReport, judge_release
from vigil.datasets.records import record_bytes
from vigil.datasets.registry import Registry, tag_of
from vigil.datasets.report.page import REPORT_FILE, write_report

DATASETS = "datasets"
GATE_FILE = "gate.json"


class ReleaseError(Exception):
    """A dataset version could not be released; the message says why and what to do."""


class ReleasedDataset(BaseModel):
    """A released version. ``prefix`` is its S3 address, ending in ``/``; ``tag`` is its name in the registry."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    prefix: str
    tag: str
    already_released: bool


def check_staged(staging_prefix: str, s3: Any = None, bucket: str | None = None) -> QualityReport:
    """Judge what a curation left below ``staging_prefix``, drift from the last release included.

    ``gate.json`` and the page ``quality.html`` are put beside it whether rules failed or not, so that they can be read;
    then ``QualityError`` lists the failing ones. ``bucket`` holds the releases; the stack's unless given.
    """
    staging = S3Uri.parse(staging_prefix)
    with tempfile.TemporaryDirectory(prefix="vigil-gate-") as temporary:
        folder = Path(temporary)
        for name in (PROVENANCE_FILE, MEASUREMENTS_FILE, PROFILE_FILE, REJECTS_FILE):
            get_file(staging / name, folder / name, s3)
        provenance = Provenance.model_validate_json((folder / PROVENANCE_FILE).read_bytes())
        measurements = Measurements.model_validate_json((folder / MEASUREMENTS_FILE).read_bytes())
        found = DatasetProfile.model_validate_json((folder / PROFILE_FILE).read_bytes())
        archives = tuple(archive.sha256 for archive in provenance.archives)
        before = last_release(provenance.profile, provenance.quarters[-1], archives, bucket, s3)
        last = None
        if before is not None:
            last = DatasetProfile.model_validate_json(get_bytes(S3Uri.parse(before.prefix) / PROFILE_FILE, s3))
        report = judge_release(
            measurements, provenance.profile, found, last, before.version if before is not None else None
        )
        put_bytes(record_bytes(report), staging / GATE_FILE, s3)
        put_file(write_report(folder, report, last), staging / REPORT_FILE, s3)
    report.raise_for_failures()
    return report


def release(
    staging_prefix: str,
    bucket: str | None = None,
    registry: Registry | None = None,
    s3: Any = None,
    when: datetime | None = None,
    database: str | None = None,
) -> ReleasedDataset:
    """Release what a curation left below ``staging_prefix``. Repeating it changes nothing.

    ``bucket``, ``registry`` and ``database`` are the stack's unless given; ``when`` dates the registry's commit and the
    release record. Raises ``QualityError``, ``ReleaseError``, ``RegistryError``, ``CatalogError``,
    ``IncompleteStagingError`` and ``ObjectError``.
    """
    target_bucket = bucket or load_parameters().buckets.datasets
    when = when or datetime.now(UTC).replace(microsecond=0)
    staging = S3Uri.parse(staging_prefix)
    with tempfile.TemporaryDirectory(prefix="vigil-release-") as temporary:
        staged, version_folder = Path(temporary) / "staging", Path(temporary) / "version"
        get_prefix(staging, staged, s3)
        gate = _passed_gate(staged)
        built = assemble(staged, version_folder)
        prefix = S3Uri(target_bucket, f"{DATASETS}/{DATASET_NAME}/{built.version}/")
        _require_versioning(target_bucket, s3)
        _put_version(version_folder, prefix, s3)
        _verify(built, prefix, Path(temporary) / "stored", s3)
        record = _record(staged, version_folder, built.version, prefix, when, gate)
    new = (registry or stack_registry()).register(DATASET_NAME, built.version, str(prefix), when)
    publish_version(database or load_parameters().glue.database, built.version, str(prefix))
    record_release(record, target_bucket, s3)
    return ReleasedDataset(
        name=DATASET_NAME,
        version=built.version,
        prefix=str(prefix),
        tag=record.tag,
        already_released=not new,
    )


def _record(
    staged: Path, version_folder: Path, version: str, prefix: S3Uri, when: datetime, gate: GateFacts | None
) -> ReleaseRecord:
    provenance = Provenance.model_validate_json((staged / PROVENANCE_FILE).read_bytes())
    description = DatasetDescription.model_validate_json((version_folder / DESCRIPTION_FILE).read_bytes())
    measured = Measurements.model_validate_json((version_folder / MEASUREMENTS_FILE).read_bytes()).metrics
    rate = measured["serious_rate.all"]
    return ReleaseRecord(
        name=DATASET_NAME,
        version=version,
        prefix=str(prefix),
        tag=tag_of(DATASET_NAME, version),
        quarters=description.quarters,
        profile=description.profile,
        rows=description.rows,
        serious_rate=float(rate) if isinstance(rate, int | float) else None,
        schema_version=description.schema_version,
        engine=provenance.engine,
        curation_revision=provenance.revision,
        released_at=when,
        archives=tuple(archive.sha256 for archive in description.archives),
        gate=gate,
    )


def _passed_gate(staged: Path) -> GateFacts | None:
    """What the gate found. Raises ``QualityError`` where it refused, whatever became of the task that asked it."""
    if not (staged / GATE_FILE).is_file():
        return None  # released without Airflow's gate: assemble judges it all the same, but for drift
    report = QualityReport.model_validate_json((staged / GATE_FILE).read_bytes())
    report.raise_for_failures()
    return GateFacts(
        passed=True,
        warnings=tuple(result.rule for result in report.warnings),
        compared_with=report.compared_with,
    )


def stack_registry() -> Registry:
    """The stack's data registry: its URL is in the Secrets Manager secret that the stack's parameters name."""
    name = load_parameters().dvc.registry_secret
    secret = aws_client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    url = json.loads(secret).get("url")
    if not url:
        raise ReleaseError(f"the secret {name} has no field `url`: put the data registry's git URL there")
    return Registry(url)


def _require_versioning(bucket: str, s3: Any) -> None:
    status = (s3 or aws_client("s3")).get_bucket_versioning(Bucket=bucket).get("Status")
    if status != "Enabled":
        raise ReleaseError(f"the bucket {bucket} keeps no object versions, so nothing can be pinned: enable versioning")


def _put_version(folder: Path, prefix: S3Uri, s3: Any) -> None:
    """The manifest goes last: a prefix that has one is whole."""
    for name, path in sorted(files_below(folder), key=lambda item: item[0] == MANIFEST_FILE):
        put_new(path, prefix / name, s3)


def _verify(built: Manifest, prefix: S3Uri, folder: Path, s3: Any) -> None:
    get_prefix(prefix, folder, s3)
    try:
        manifest.verify(folder, built)
        if manifest.read(folder) != built:
            raise manifest.ManifestError(f"{MANIFEST_FILE} lists other files")
    except manifest.ManifestError as error:
        raise ReleaseError(
            f"what lies at {prefix} is not what was curated: {error}. Somebody changed released objects: restore "
            "their first versions, then run the release again"
        ) from error
