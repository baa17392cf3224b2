"""moto as it was at one moment, put back as often as a test wants it: making a stack call by call takes longer."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local_aws.blobs import BlobFolder
from local_aws.snapshot import SUFFIX, dump, restore, write


class KeptBackends:
    """What the services hold now, inside ``mock_aws``; for this process, whose end removes it."""

    def __init__(self, services: Sequence[str]) -> None:
        self._services = tuple(services)
        self._folder = Path(tempfile.mkdtemp(prefix="kept-backends-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self._blobs = BlobFolder(self._folder / "blobs")
        for service in self._services:
            dumped = dump(service, self._blobs)
            assert dumped is not None, f"moto has no {service}"
            write(self._path(service), dumped[0], sync=False)

    def put_back(self) -> None:
        for service in self._services:
            restore(self._path(service), service, self._blobs)

    def _path(self, service: str) -> Path:
        return self._folder / f"{service}{SUFFIX}"
