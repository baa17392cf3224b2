"""The ML image of one machine: no image is built there, so the digest of the files that it would hold stands for it.

``python -m vigil.cli.demo.local_image`` prints the URI for ``vigil stack deploy --image``.
"""

from __future__ import annotations

from pathlib import Path

from vigil.aws.packages import PackageError, read_file, zip_folders
from vigil.digests import digest_of, sha256_hex

# No registry's name: nobody shall look for it in one. local_aws knows the image by the last part, without the digest.
REPOSITORY_NAME = "localhost/vigil-ml"
FOLDERS = ("containers/ml", "tasks", "vigil")
REQUIREMENTS = "requirements/ml.txt"


def local_image(project: Path) -> str:
    """``localhost/vigil-ml@sha256:…``: another digest for each other content. Raises ``PackageError``."""
    requirements = sha256_hex(read_file(project / REQUIREMENTS))
    return f"{REPOSITORY_NAME}@sha256:{digest_of([sha256_hex(zip_folders(project, FOLDERS)), requirements])}"


if __name__ == "__main__":
    try:
        print(local_image(Path()))
    except PackageError as error:
        raise SystemExit(f"vigil: {error}") from None
