"""A dataset's release in the ledger. Airflow may only ask for it: what is recorded is what lies in the bucket."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigil.approvals.redaction import redact_text
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry
from vigil.audit.ports import LedgerWriter
from vigil.aws.objects import ObjectError, S3Uri, get_bytes
from vigil.aws.releases import ReleaseRecord, read_release_bytes
from vigil.datasets.manifest import MANIFEST_FILE, Manifest
from vigil.datasets.models import DATASET_NAME
from vigil.digests import Sha256, sha256_hex


class ReleaseNotProvenError(Exception):
    """What is said to be released does not lie in the bucket as it must: nothing is recorded."""


class ReleaseNotRecordedError(Exception):
    """The function that records releases refused or could not be reached: try again."""


class RecordReleaseEvent(BaseModel):
    """``released_by``: who started the DAG run, as Airflow says."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Sha256
    released_by: str = Field(min_length=1, max_length=200)
    dag_run_id: str = Field(min_length=1, max_length=250)


def record_dataset_released(event: RecordReleaseEvent, bucket: str, s3: Any, ledger: LedgerWriter) -> int:
    """Check the release in the bucket, record it once; the record's sequence. Raises ``ReleaseNotProvenError``."""
    content, release = _proven(event.version, bucket, s3)
    facts = release.model_dump(mode="json", include={"version", "prefix", "tag", "quarters", "profile", "rows"})
    record = ledger.append(
        Entry(
            chain=STACK_CHAIN,
            event=EventName.DATASET_RELEASED,
            key=released_key(release.version),
            actor=Actor(name=event.released_by, via="Airflow's login, as Airflow says", verified=False),
            subject=f"dataset {release.name} {release.version}",
            old=release.gate.compared_with if release.gate else None,
            new={**facts, "release_record_digest": sha256_hex(content)},
            details={
                "dag_run_id": event.dag_run_id,
                "released_at": release.model_dump(mode="json")["released_at"],
                "curation_revision": release.curation_revision,
                "archives": list(release.archives),
                "gate_warnings": list(release.gate.warnings) if release.gate else None,
            },
        )
    )
    return record.sequence


def released_key(version: str) -> str:
    """Of the record of a version's release, in the chain ``stack``."""
    return f"{EventName.DATASET_RELEASED}#{DATASET_NAME}#{version}"


def ask_to_record(event: RecordReleaseEvent, function: str, client: Any) -> None:
    """For Airflow. ``client`` is a boto3 Lambda client. Raises ``ReleaseNotRecordedError``."""
    answer = client.invoke(FunctionName=function, Payload=event.model_dump_json().encode())
    if "FunctionError" in answer:
        reason = json.loads(answer["Payload"].read() or b"{}").get("errorMessage", "no reason was given")
        raise ReleaseNotRecordedError(
            f"version {event.version} is released but not in the ledger: {redact_text(str(reason))}; clear this task"
        )


def _proven(version: str, bucket: str, s3: Any) -> tuple[bytes, ReleaseRecord]:
    """The release record, if it and the manifest that gave the version its name lie where they must."""
    prefix = S3Uri(bucket, f"datasets/faers/{version}/")
    try:
        content = read_release_bytes(version, bucket, s3)
        release = ReleaseRecord.model_validate_json(content)
        manifest = Manifest.model_validate(json.loads(get_bytes(prefix / MANIFEST_FILE, s3)))
    except ObjectError as error:
        raise ReleaseNotProvenError(f"version {version} is not released: {error}") from error
    except (ValidationError, ValueError) as error:
        raise ReleaseNotProvenError(f"the release record or the manifest of {version} is not readable") from error
    found = (release.name, release.version, release.prefix, manifest.version)
    if found != (DATASET_NAME, version, str(prefix), version):
        raise ReleaseNotProvenError(f"the release record or the manifest of {version} is that of something else")
    return content, release
