"""Model artefacts in S3: archives that are unpacked with care, and named by what is in them.

SageMaker makes ``model.tar.gz`` itself and its bytes differ each time: what is compared is the digest of the files.
"""

from __future__ import annotations

import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.aws.objects import S3Uri, get_file, put_new
from vigil.digests import tree_digest

ARCHIVE = "model.tar.gz"
LARGEST_UNPACKED_BYTES = 400 * 2**20  # what fits a function's 512 MB of temporary storage beside the archive


class ArtefactError(Exception):
    """An archive is damaged, too large or not what its address promises."""


@dataclass(frozen=True)
class Artefact:
    digest: str
    uri: S3Uri


def fetch_digest(uri: S3Uri, s3: Any = None) -> str:
    """Download the archive and compute the digest of the files in it: nothing that is stored beside it is believed."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / ARCHIVE
        get_file(uri, archive, s3)
        return _digest(archive, Path(folder) / "model")


def keep(source: S3Uri, bucket: str, s3: Any = None) -> Artefact:
    """Copy the archive to the key that its content's digest names, unless it is there. An existing one is checked.

    Raises ``ArtefactError`` when what lies at that key has another content.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / ARCHIVE
        get_file(source, archive, s3)
        digest = _digest(archive, Path(folder) / "model")
        target = artefact_uri(bucket, digest)
        written = put_new(archive, target, s3)
    if not written and fetch_digest(target, s3) != digest:
        raise ArtefactError(f"{target} does not hold what its name says: find out who wrote it before going on")
    return Artefact(digest, target)


def artefact_uri(bucket: str, digest: str) -> S3Uri:
    return S3Uri(bucket, f"artefacts/{digest}/{ARCHIVE}")


def _digest(archive: Path, folder: Path) -> str:
    folder.mkdir()
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            if sum(member.size for member in members) > LARGEST_UNPACKED_BYTES:
                raise ArtefactError(f"the archive unpacks to more than {LARGEST_UNPACKED_BYTES:,} bytes")
            tar.extractall(folder, members, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArtefactError(f"the model archive cannot be unpacked: {error}") from error
    return tree_digest(folder)
