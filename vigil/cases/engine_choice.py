"""The engine that a person names on the command line, on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.cases.engine import DUCKDB, ENGINES, SPARK, DuckDbEngine, Engine, EngineMaker
from vigil.cases.spark_engine import LocalExchange, SparkEngine

SPARK_SETTINGS = {
    "spark.driver.host": "127.0.0.1",  # by default Spark listens on every interface
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
JAVA_END_SECONDS = 30


class EngineError(Exception):
    """There is no such engine, or it cannot start here; the message says what to do."""


@dataclass(frozen=True)
class LocalSpark:
    """Spark on this machine, one session for all the engines made of it."""

    session: Any
    name: str = SPARK

    def __call__(self, spill: Path) -> Engine:
        return SparkEngine(self.session, LocalExchange(spill / "exchange"), spill)


@contextmanager
def local_engine(name: str, threads: int = 2) -> Iterator[EngineMaker]:
    """A maker of engines of the kind ``name``; what it started ends with the block. Raises ``EngineError``."""
    if name == DUCKDB:
        yield DuckDbEngine
        return
    if name != SPARK:
        raise EngineError(f"no engine is named {name!r}: choose one of {', '.join(ENGINES)}")
    session = _start_spark(threads)
    try:
        yield LocalSpark(session)
    finally:
        session.stop()
        _end_java()


def _end_java() -> None:
    """``stop`` leaves Spark's Java process to the end of this one; it holds 1.4 GiB until then."""
    from pyspark import SparkContext

    gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None
    if gateway is None:
        return
    gateway.shutdown()
    gateway.proc.stdin.close()  # which is how Spark's Java process is told to end
    try:
        gateway.proc.wait(JAVA_END_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()


def _start_spark(threads: int) -> Any:
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError("the engine spark needs the package pyspark: run `make environment`") from error
    builder = SparkSession.builder.master(f"local[{threads}]").appName("vigil")
    for setting, value in SPARK_SETTINGS.items():
        builder = builder.config(setting, value)
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise EngineError("Spark did not start: install Java 17 (Debian: openjdk-17-jre-headless)") from error
