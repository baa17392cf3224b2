"""Glue's jobs and their runs as real Python processes; the data catalogue stays moto's."""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services.glue import execution, job_runs, jobs

__all__ = ["job_runs", "jobs", "resume", "shutdown"]


def resume(context: Context) -> None:
    job_runs.resume(context)


def shutdown(context: Context) -> None:
    execution.shutdown(context)
