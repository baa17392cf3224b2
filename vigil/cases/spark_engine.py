"""Spark as the engine: the same Ibis expressions over executors that share no disk with this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa
import pyarrow.parquet as pq

from vigil.cases.engine import BATCH_ROWS, SPARK


class Exchange(Protocol):
    """Where this machine and the executors both reach files."""

    def give(self, file: Path, name: str) -> str:
        """The address of a folder that holds a copy of ``file``."""
        ...

    def place(self, name: str) -> str:
        """The address of a folder that does not exist yet, for Spark to write."""
        ...

    def take(self, address: str, folder: Path) -> list[Path]:
        """The files that Spark wrote to ``address``, on this machine, in order of their names."""
        ...

    def clear(self) -> None:
        """Remove all that was given and taken."""
        ...


@dataclass
class LocalExchange:
    """This machine's disk, where the executors run on it as well."""

    folder: Path

    def give(self, file: Path, name: str) -> str:
        return file.resolve().as_uri()

    def place(self, name: str) -> str:
        return (self.folder.resolve() / name).as_uri()

    def take(self, address: str, folder: Path) -> list[Path]:
        return sorted(Path(address.removeprefix("file://")).glob("part-*.parquet"))

    def clear(self) -> None:
        return None  # the folder is the caller's


@dataclass
class SparkEngine:
    """Runs expressions in ``session``, which stays open; ``work`` is a folder of this machine."""

    session: Any
    exchange: Exchange
    work: Path
    name: str = SPARK
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        import ibis

        self._connection = ibis.pyspark.connect(self.session)

    def read(self, files: Sequence[Path], name: str) -> Any:
        addresses = [self.exchange.give(file, f"{name}-{number}") for number, file in enumerate(files)]
        self.session.read.parquet(*addresses).createOrReplaceTempView(name)
        return self._connection.table(name)

    def batches(self, rows: Any) -> Iterator[pa.RecordBatch]:
        """Spark numbers its files by partition, and a sorted result's partitions are ranges in order."""
        name = f"result-{next(self._numbers)}"
        address = self.exchange.place(name)
        self.session.sql(self._connection.compile(rows)).write.parquet(address)
        for path in self.exchange.take(address, self.work / name):
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(BATCH_ROWS)

    def __enter__(self) -> Self:
        self.exchange.clear()  # a run that was killed left its own, and Spark writes nowhere twice
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.exchange.clear()
