"""What Spark needs on this machine, told in plain words before a JVM is tried."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

JARS = "LOCAL_AWS_SPARK_JARS"  # set by the server: the jars by which Spark reads s3://


class MissingRequirementError(RuntimeError):
    """Something that Spark needs is not installed; the message says what to install."""


def require_spark() -> None:
    """Raise ``MissingRequirementError`` where there is no Java, or nothing by which Spark could read ``s3://``."""
    home = os.environ.get("JAVA_HOME")
    if not ((home and (Path(home) / "bin/java").is_file()) or shutil.which("java")):
        raise MissingRequirementError(
            "Spark needs Java 17, as Glue 5.1 has: install it (Debian: openjdk-17-jre-headless) and start the run again"
        )
    if not os.environ.get(JARS):
        raise MissingRequirementError(
            "Spark needs jars to read s3://: install requirements/spark-jars.txt (`make environment` does) and restart "
            "the server"
        )
