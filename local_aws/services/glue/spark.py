"""What a ``glueetl`` run finds of Spark: a configuration of its own, S3 through this server, Glue's extensions.

Nothing is started here. A script that never imports pyspark is a plain Python process, as fast as without.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html (``--conf``)
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from local_aws.settings import JobSettings

RUNTIME = Path(__file__).with_name("runtime")
JARS_OF = "sagemaker_pyspark"  # a package whose only use here is the jars that it carries
JARS_VARIABLE = "LOCAL_AWS_SPARK_JARS"  # read by the runtime, which says what is missing
JARS = ("hadoop-aws-*.jar", "aws-java-sdk-bundle-*.jar")
S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"
# Java itself reads the second: which Java, and how it runs, is the machine's affair.
JAVA_VARIABLES = ("JAVA_HOME", "JDK_JAVA_OPTIONS")
# `--conf a=b --conf c=d` is how several settings are given in one argument.
NEXT_SETTING = re.compile(r"\s+--conf\s+")
LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n
logger.quiet.name = org.apache.hadoop
logger.quiet.level = error
logger.native.name = org.apache.spark.util.Utils
logger.native.level = error
"""


def spark_environment(
    folder: Path, endpoint: str, arguments: Mapping[str, str], settings: JobSettings
) -> dict[str, str]:
    """Write a run's Spark configuration below ``folder``; the variables that point to it.

    No credential is written: S3A takes them from the environment, as boto3 does.
    """
    configuration = folder / "spark"
    configuration.mkdir(mode=0o700)
    lines = [f"{name} {value}" for name, value in _settings(folder, endpoint, arguments, settings).items()]
    (configuration / "spark-defaults.conf").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (configuration / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
    return {
        JARS_VARIABLE: os.pathsep.join(str(jar) for jar in find_jars()),
        "SPARK_CONF_DIR": str(configuration),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        **{name: os.environ[name] for name in JAVA_VARIABLES if name in os.environ},
    }


def _settings(folder: Path, endpoint: str, arguments: Mapping[str, str], settings: JobSettings) -> dict[str, str]:
    scratch = folder / "scratch"
    found = {
        "spark.master": f"local[{settings.spark_threads}]",
        "spark.driver.memory": f"{settings.spark_memory_mb}m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(2 * settings.spark_threads),
        "spark.sql.warehouse.dir": (scratch / "warehouse").as_uri(),
        "spark.local.dir": str(scratch),
        "spark.hadoop.hadoop.tmp.dir": str(scratch),
        "spark.hadoop.fs.s3.impl": S3A,
        "spark.hadoop.fs.s3a.impl": S3A,
        "spark.hadoop.fs.s3a.endpoint": endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.buffer.dir": str(scratch),
    }
    if jars := find_jars():
        found["spark.driver.extraClassPath"] = os.pathsep.join(str(jar) for jar in jars)
    return {**found, **_given(arguments.get("--conf", ""))}


def find_jars() -> list[Path]:
    """The jars by which Spark reads ``s3://``; none where the package that carries them is not installed."""
    package = importlib.util.find_spec(JARS_OF)
    if package is None or package.origin is None:
        return []
    folder = Path(package.origin).parent / "jars"
    return [jar for pattern in JARS for jar in sorted(folder.glob(pattern))]


def _given(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in NEXT_SETTING.split(text.strip()) if part)
    return {name.strip(): value.strip() for name, _, value in pairs}
