"""Glue job: curate landed FAERS quarters into split Parquet files, rejects and measurements.

``--engine duckdb`` runs in the driver as plain Python; ``--engine spark`` on the job's workers. Glue adds arguments of
its own (``--TempDir``, ``--JOB_RUN_ID``, ...), which are left alone. A failure ends the process with the error's text,
which Glue reports.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from vigil.aws.curation_job import parse_archives, run
from vigil.aws.glue_engine import glue_engine
from vigil.cases.engine import DUCKDB, ENGINES
from vigil.failures import describe_failure


class CurationFailedError(Exception):
    """The job failed; the message is what may be told of it. Glue keeps it as the run's ``ErrorMessage``."""


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--JOB_NAME", required=True)
    parser.add_argument("--archives", required=True, type=parse_archives)
    parser.add_argument("--engine", choices=ENGINES, default=DUCKDB)
    parser.add_argument("--output", required=True)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--stack", required=True)
    arguments, _ = parser.parse_known_args(argv)
    failure: str | None = None
    try:
        job = {"JOB_NAME": arguments.JOB_NAME}
        with glue_engine(arguments.engine, arguments.output, arguments.JOB_NAME, job) as engine:
            measurements = run(arguments.archives, arguments.output, arguments.profile, engine)
    except Exception as error:
        failure = describe_failure(error)
    if failure is not None:
        # Raised out here, so that no trace of the first error and its message goes into the run's log.
        raise CurationFailedError(failure)
    for name, value in measurements.metrics.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main(sys.argv[1:])
