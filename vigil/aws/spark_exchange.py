"""An S3 prefix through which the driver and Spark's executors hand files to each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.aws.objects import S3Uri, delete_prefix, get_prefix, put_file


@dataclass
class S3Exchange:
    """``prefix`` is a run's own, ends in ``/`` and holds nothing else: ``clear`` deletes all of it."""

    prefix: S3Uri
    s3: Any = None

    def give(self, file: Path, name: str) -> str:
        folder = self.prefix / f"given/{name}"
        put_file(file, folder / file.name, self.s3)
        return f"{folder}/"

    def place(self, name: str) -> str:
        return f"{self.prefix / name}/"

    def take(self, address: str, folder: Path) -> list[Path]:
        names = get_prefix(S3Uri.parse(address), folder, self.s3)
        return [folder / name for name in names if name.startswith("part-")]

    def clear(self) -> None:
        delete_prefix(self.prefix, self.s3)
