"""A run's script and libraries on disk, and the command line that Glue would give it.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_aws.api import Context
from local_aws.services.glue.shapes import StoredRun
from local_aws.services.glue.spark import RUNTIME, spark_environment
from local_aws.services.s3_transfer import download_file, split_uri
from local_aws.settings import JobSettings

#: Arguments that Glue itself takes; the script does not get them.
OF_GLUE = frozenset(
    {
        "--additional-python-modules",
        "--class",
        "--conf",
        "--continuous-log-conversionPattern",
        "--continuous-log-logGroup",
        "--continuous-log-logStreamPrefix",
        "--customer-driver-env-vars",
        "--enable-auto-scaling",
        "--enable-continuous-cloudwatch-log",
        "--enable-continuous-log-filter",
        "--enable-glue-datacatalog",
        "--enable-job-insights",
        "--enable-metrics",
        "--enable-observability-metrics",
        "--enable-spark-ui",
        "--extra-files",
        "--extra-jars",
        "--extra-py-files",
        "--job-bookmark-option",
        "--job-language",
        "--python-modules-installer-option",
        "--scriptLocation",
        "--spark-event-logs-path",
        "--user-jars-first",
    }
)


ETL = "glueetl"  # JobCommand.Name of a Spark job


@dataclass(frozen=True)
class Script:
    folder: Path
    argv: list[str]
    environment: dict[str, str]


def prepare(context: Context, stored: StoredRun, folder: Path, settings: JobSettings) -> Script:
    """Make ``folder`` anew, download what the run needs into it. Raises ``TransferError``.

    ``--additional-python-modules`` installs nothing: the run has the packages of this server's interpreter.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    script = _download(context, stored["script"], folder)
    arguments = stored["arguments"]
    libraries = [_download(context, uri, folder / "libraries") for uri in _uris(arguments, "--extra-py-files")]
    for uri in _uris(arguments, "--extra-files"):
        _download(context, uri, folder)
    environment: dict[str, str] = {}
    if stored["command"] == ETL:
        libraries.append(RUNTIME)
        environment = spark_environment(folder, context.endpoint, arguments, settings)
    if libraries:
        environment["PYTHONPATH"] = os.pathsep.join(str(path) for path in libraries)
    return Script(folder, [sys.executable, str(script), *command_line(stored)], environment)


def command_line(stored: StoredRun) -> list[str]:
    """``--KEY value`` for each argument that is not Glue's own, then the job's name and the run's id."""
    run = stored["run"]
    own = {key: value for key, value in stored["arguments"].items() if key not in OF_GLUE}
    pairs = {**own, "--JOB_NAME": run["JobName"], "--JOB_RUN_ID": run["Id"]}
    return [word for key, value in pairs.items() for word in (key, value)]


def _uris(arguments: Mapping[str, str], key: str) -> list[str]:
    return [uri.strip() for uri in arguments.get(key, "").split(",") if uri.strip()]


def _download(context: Context, uri: str, folder: Path) -> Path:
    _, key = split_uri(uri)
    return download_file(context, uri, folder / key.rsplit("/", 1)[-1])
