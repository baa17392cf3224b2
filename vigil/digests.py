"""Canonical JSON and SHA-256: the one way in which Vigil names content.

Canonical JSON here: UTF-8, keys sorted, no insignificant white space, no NaN or infinity. It follows RFC 8785 (JCS)
for the values Vigil writes; numbers are written as Python's ``repr`` writes them, which is JCS's form for the
floats in use.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def canonical_json(value: Any) -> bytes:
    """The bytes that are hashed and signed. Raises ``ValueError`` for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's content, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_digest(root: Path) -> str:
    """SHA-256 over the sorted ``(path, SHA-256)`` pairs of the files below ``root``: DESIGN's artefact digest.

    SageMaker makes ``model.tar.gz`` itself and its bytes differ each time, so the files inside are what is named.
    """
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return digest_of([[path.relative_to(root).as_posix(), file_digest(path)] for path in files])
