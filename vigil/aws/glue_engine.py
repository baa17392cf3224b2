"""The engine of a Glue job: DuckDB in the driver, or the job's own Spark.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-glue-context.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from vigil.aws.objects import S3Uri
from vigil.aws.spark_exchange import S3Exchange
from vigil.cases.engine import DUCKDB, SPARK, DuckDbEngine, Engine, EngineMaker
from vigil.cases.spark_engine import SparkEngine

EXCHANGE = "exchange"


@dataclass(frozen=True)
class GlueSpark:
    """Each engine made of it has a prefix of its own below ``prefix``, through which driver and executors exchange."""

    session: Any
    prefix: S3Uri
    name: str = SPARK
    _numbers: Iterator[int] = field(default_factory=count)

    def __call__(self, spill: Path) -> Engine:
        return SparkEngine(self.session, S3Exchange(self.prefix / f"{next(self._numbers)}/"), spill)


@contextmanager
def glue_engine(name: str, output: str, job_name: str, arguments: Mapping[str, str]) -> Iterator[EngineMaker]:
    """A maker of engines of the kind ``name`` for a job that writes below ``output``.

    Only where Spark was asked for is it imported and started: it costs a JVM.
    """
    if name == DUCKDB:
        yield DuckDbEngine
        return
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from pyspark.context import SparkContext

    context = GlueContext(SparkContext.getOrCreate())
    job = Job(context)
    job.init(job_name, dict(arguments))
    yield GlueSpark(context.spark_session, S3Uri.parse(output) / EXCHANGE)
    job.commit()
