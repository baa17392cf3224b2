"""The manifest: path, size and SHA-256 of each file of a dataset version. Its digest is the version."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from vigil.datasets.records import record_bytes
from vigil.digests import digest_of, file_digest

MANIFEST_FILE = "manifest.json"
SHORT_LENGTH = 12


class ManifestError(Exception):
    """Files are not those of the manifest; the message names each and what is wrong with it."""


class ManifestEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """Sorted by path. The manifest does not list itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[ManifestEntry, ...]

    @property
    def version(self) -> str:
        """SHA-256 (hex) of the entries in canonical JSON: what names the dataset version."""
        return digest_of([entry.model_dump() for entry in self.files])

    def to_bytes(self) -> bytes:
        return record_bytes(self)


def build(root: Path) -> Manifest:
    """The manifest of all files below ``root`` except a manifest already there."""
    files = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())
    return Manifest(
        files=tuple(
            ManifestEntry(path=name, size=path.stat().st_size, sha256=file_digest(path))
            for name, path in files
            if name != MANIFEST_FILE
        )
    )


def read(root: Path) -> Manifest:
    """The manifest stored with the data. Raises ``ManifestError`` when there is none or it cannot be read."""
    path = root / MANIFEST_FILE
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ManifestError(f"{root} has no {MANIFEST_FILE}: it is not a dataset version, get it again") from error
    except ValueError as error:
        raise ManifestError(f"{path} is not a manifest: get the dataset version again") from error


def verify(root: Path, manifest: Manifest) -> None:
    """Compare the files below ``root`` with ``manifest``. Raises ``ManifestError`` naming every difference."""
    wanted = {entry.path: entry for entry in manifest.files}
    found = {entry.path: entry for entry in build(root).files}
    problems = [f"{path} is missing" for path in sorted(wanted.keys() - found.keys())]
    problems += [f"{path} is not in the manifest" for path in sorted(found.keys() - wanted.keys())]
    for path in sorted(wanted.keys() & found.keys()):
        if found[path] != wanted[path]:
            problems.append(
                f"{path} has {found[path].size:,} bytes, SHA-256 {found[path].sha256[:SHORT_LENGTH]}, "
                f"where {wanted[path].size:,} and {wanted[path].sha256[:SHORT_LENGTH]} were released"
            )
    if problems:
        raise ManifestError(f"the files are not dataset version {manifest.version}: {'; '.join(problems)}")
