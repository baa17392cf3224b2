"""``GlueContext``: the Spark session of a job.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-glue-context.html
"""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from awsglue.requirements import require_spark

require_spark()  # scripts import this module before they start a SparkContext


class NotServedError(NotImplementedError):
    """A part of Glue's extensions that is not served on this machine."""


class GlueContext:
    """Wraps a ``SparkContext``. Dynamic frames are not served: use DataFrames, which Glue runs as well."""

    def __init__(self, sparkContext: Any, **_: Any) -> None:  # noqa: N803 - AWS's name
        from pyspark.sql import SparkSession

        self.spark_session = SparkSession(sparkContext)

    def getSparkSession(self) -> Any:  # noqa: N802 - AWS's name
        return self.spark_session

    def get_logger(self) -> logging.Logger:
        return logging.getLogger("GlueLogger")

    @property
    def sql(self) -> Any:
        return self.spark_session.sql

    @property
    def read(self) -> Any:
        return self.spark_session.read

    def __getattr__(self, name: str) -> NoReturn:
        raise NotServedError(f"GlueContext.{name} is not served on this machine: use spark_session and DataFrames")
