"""Checkpoints of a training job: brought from S3 before it starts, copied there while it runs and when it ends.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html. What the job deletes stays in S3.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path, PurePosixPath

from local_aws.api import Context
from local_aws.services.s3_transfer import TransferError, download_prefix, join_uri, upload_file
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.shapes import CheckpointConfig

logger = logging.getLogger(__name__)

OPT_ML = PurePosixPath("/opt/ml")
DEFAULT = "/opt/ml/checkpoints"
RESERVED = ("input", "model", "output", "code")


def local_folder(config: CheckpointConfig, root: Path) -> Path:
    """Raises a ValidationException for a LocalPath that is not a folder of its own below /opt/ml."""
    path = PurePosixPath(config.get("LocalPath") or DEFAULT)
    inside = path.is_relative_to(OPT_ML) and path != OPT_ML and ".." not in path.parts
    if not inside or path.relative_to(OPT_ML).parts[0] in RESERVED:
        raise validation_error(f"CheckpointConfig.LocalPath {path} must be a folder below /opt/ml, such as {DEFAULT}.")
    return root / path.relative_to(OPT_ML)


class Checkpoints:
    """Follows one attempt of a job."""

    def __init__(self, context: Context, config: CheckpointConfig, root: Path, seconds: float) -> None:
        """Raises ``TransferError`` when the checkpoints of an earlier attempt cannot be read."""
        self._context = context
        self._uri = config["S3Uri"]
        self._seconds = seconds
        self._folder = local_folder(config, root)
        self._folder.mkdir(parents=True, exist_ok=True)
        download_prefix(context, self._uri, self._folder)
        self._copied = self._present()
        self._due = time.monotonic() + seconds

    def look(self) -> None:
        if time.monotonic() >= self._due:
            try:
                self.end()
            except TransferError as error:
                # The next round tries again; only the last one fails the job.
                logger.warning("checkpoints could not be copied to S3: %s", type(error.__cause__).__name__)
            self._due = time.monotonic() + self._seconds

    def end(self) -> None:
        """Copy what is new. Raises ``TransferError``."""
        for path, state in self._present().items():
            if self._copied.get(path) != state:
                upload_file(self._context, path, join_uri(self._uri, path.relative_to(self._folder).as_posix()))
                self._copied[path] = state

    def _present(self) -> dict[Path, tuple[int, int]]:
        found = {}
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                status = path.stat()
                found[path] = (status.st_size, status.st_mtime_ns)
        return found
