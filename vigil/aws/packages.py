"""Deterministic packages: the same files give the same bytes, and so the same content-addressed key."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from vigil.digests import sha256_hex

EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip can hold: file times are no part of a package
READABLE = 0o644 << 16
UNWANTED_FOLDERS = {"__pycache__"}
UNWANTED_SUFFIXES = {".pyc", ".pyo"}


class PackageError(Exception):
    """A file or folder that a package needs is missing; the message names it."""


def zip_folders(root: Path, folders: Sequence[str]) -> bytes:
    """A zip of ``folders`` below ``root``, in sorted order, without bytecode, with one time and one mode for all.

    Raises ``PackageError`` where a folder is missing or empty.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for folder in sorted(folders):
            for path in _files(root / folder):
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = READABLE
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def read_file(path: Path) -> bytes:
    """Raises ``PackageError`` where the file is missing."""
    if not path.is_file():
        raise PackageError(f"{path} is missing: run this in a checkout of the project, or name one with --project")
    return path.read_bytes()


def content_key(name: str, content: bytes) -> str:
    """Where a package lies in the bootstrap bucket: ``code/<sha256>/<name>``."""
    return f"code/{sha256_hex(content)}/{name}"


def _files(folder: Path) -> Iterator[Path]:
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in UNWANTED_SUFFIXES and not UNWANTED_FOLDERS & set(path.parts)
    ]
    if not found:
        raise PackageError(
            f"{folder} is missing or empty: run this in a checkout of the project, or name one with --project"
        )
    return iter(found)
