"""A state of moto's services that belongs together: which snapshot files, and from which journal on to replay.

``checkpoint.json`` names both, and replacing it by rename is what makes a checkpoint. Files that it does not name
are left-overs of an earlier state or of a checkpoint that was not finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from local_aws import snapshot
from local_aws.blobs import BlobFolder
from local_aws.determinism import DETERMINISTIC
from local_aws.snapshot import SnapshotError

NAME = "checkpoint.json"
JOURNAL = "journal."


@dataclass(frozen=True)
class Checkpoint:
    """``services`` gives the snapshot file of each service; ``generation`` the first journal to replay."""

    generation: int = 0
    services: dict[str, str] = field(default_factory=dict)
    moto: str = version("moto")


@dataclass(frozen=True)
class Dumped:
    """What a dump wrote: the file of each service, and the S3 bodies in use (None when S3 was not dumped)."""

    services: dict[str, str]
    bodies: list[str] | None


def read(folder: Path) -> Checkpoint | None:
    """None when there has been no checkpoint. Raises ``SnapshotError`` for a file that is not one."""
    path = folder / NAME
    try:
        found = Checkpoint(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise SnapshotError(
            f"{path}: not a checkpoint ({error}): restore it from a copy, or remove {folder} to begin anew"
        ) from error
    if found.moto != version("moto"):
        raise SnapshotError(
            f"{path}: was saved with moto {found.moto}, but moto {version('moto')} is installed: "
            f"install moto=={found.moto}, or remove {folder} to begin anew"
        )
    return found


def write(folder: Path, checkpoint: Checkpoint) -> None:
    snapshot.write(folder / NAME, json.dumps(asdict(checkpoint)).encode())


def dump(folder: Path, generation: int, services: Iterable[str], blobs: BlobFolder, known: set[str]) -> Dumped:
    """Write the services' snapshots; ``known`` are the S3 bodies that an earlier dump has made durable."""
    files: dict[str, str] = {}
    used: list[str] | None = None
    for service in sorted(services):
        dumped = snapshot.dump(service, blobs)
        if dumped is None:
            continue
        content, bodies = dumped
        if service == "s3":
            blobs.sync(bodies - known)
            used = sorted(bodies)
        files[service] = f"{service}.{generation}{snapshot.SUFFIX}"
        snapshot.write(folder / files[service], content)
    return Dumped(files, used)


def restore(folder: Path, checkpoint: Checkpoint | None, blobs: BlobFolder) -> list[str]:
    """Put every saved service back into moto; returns their names."""
    files = dict(checkpoint.services) if checkpoint else {}
    for path in sorted(folder.glob(f"*{snapshot.SUFFIX}")):
        service = path.name.removesuffix(snapshot.SUFFIX)
        # A folder without a checkpoint was written by a version that had none: then a file is all there is.
        if "." not in service and (checkpoint is None or service not in DETERMINISTIC):
            files[service] = path.name
    for service, name in sorted(files.items()):
        snapshot.restore(folder / name, service, blobs)
    return sorted(files)


def journals(folder: Path) -> list[tuple[int, Path]]:
    """Every journal file with its generation, oldest first."""
    found = [(path.name.removeprefix(JOURNAL), path) for path in folder.glob(f"{JOURNAL}*")]
    return sorted((int(number), path) for number, path in found if number.isdigit())


def remove_leftovers(folder: Path, checkpoint: Checkpoint) -> None:
    """Remove what ``checkpoint`` has no use for."""
    for generation, path in journals(folder):
        if generation < checkpoint.generation:
            path.unlink(missing_ok=True)
    named = set(checkpoint.services.values())
    for path in folder.glob(f"*{snapshot.SUFFIX}"):
        service = path.name.removesuffix(snapshot.SUFFIX)
        if path.name not in named and ("." in service or service in checkpoint.services):
            path.unlink(missing_ok=True)
    for path in folder.glob("*.new"):
        path.unlink(missing_ok=True)
