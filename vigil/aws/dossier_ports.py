"""What a dossier is made from, on AWS: the models table, the release records and the profiles of dataset versions."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from vigil.approvals.dossier_ports import DatasetRelease, DossierPorts, SourceError
from vigil.aws.approval_ports import approvals_table, endpoint_record, evidence_store, signer
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.objects import ObjectError, S3Uri, get_bytes
from vigil.aws.releases import ReleaseRecord, release_uri
from vigil.datasets.manifest import MANIFEST_FILE, Manifest
from vigil.datasets.models import PROFILE_FILE, DatasetProfile
from vigil.digests import sha256_hex

Kind = TypeVar("Kind", bound=BaseModel)


class ReleasedDatasets:
    """``Datasets`` on S3. ``bucket`` is the datasets bucket."""

    def __init__(self, bucket: str, s3: Any) -> None:
        self._bucket = bucket
        self._s3 = s3

    def release(self, version: str) -> DatasetRelease:
        record = self._record(version)
        gate = record.gate
        return DatasetRelease(
            version=record.version,
            released_at=record.released_at,
            profile=record.profile,
            quarters=record.quarters,
            cases=record.rows,
            warnings=gate.warnings if gate else (),
            compared_with=gate.compared_with if gate else None,
        )

    def profile(self, version: str) -> DatasetProfile:
        """The manifest's digest is the version, and the manifest names the profile's digest: nothing else is shown."""
        prefix = S3Uri.parse(self._record(version).prefix)
        manifest = _parsed(Manifest, self._bytes(prefix / MANIFEST_FILE), f"the manifest of {version}")
        content = self._bytes(prefix / PROFILE_FILE)
        named = {entry.path: entry.sha256 for entry in manifest.files}
        if manifest.version != version or named.get(PROFILE_FILE) != sha256_hex(content):
            raise SourceError(f"the profile of dataset version {version} is not the one that was released")
        return _parsed(DatasetProfile, content, f"the profile of {version}")

    def _record(self, version: str) -> ReleaseRecord:
        return _parsed(
            ReleaseRecord, self._bytes(release_uri(self._bucket, version)), f"the release record of {version}"
        )

    def _bytes(self, uri: S3Uri) -> bytes:
        try:
            return get_bytes(uri, self._s3)
        except ObjectError as error:
            raise SourceError(str(error)) from error


def dossier_ports(parameters: StackParameters) -> DossierPorts:
    return DossierPorts(
        requests=approvals_table(parameters),
        evidence=evidence_store(parameters),
        signer=signer(parameters),
        serving=endpoint_record(parameters),
        datasets=ReleasedDatasets(parameters.buckets.datasets, aws_client("s3")),
    )


def _parsed(kind: type[Kind], content: bytes, name: str) -> Kind:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise SourceError(f"{name} is not readable: release the dataset again") from error
