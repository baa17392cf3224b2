"""CloudWatch Logs of what this server runs: the log files of jobs and functions, read where they lie.

A job may print more than a service that lives in memory could hold, so the streams of jobs are ours: their places in
their files and the times of their lines. Every other stream, and all log groups, are moto's.
"""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services.logs import following, operations, streams

__all__ = ["operations", "resume", "shutdown", "streams"]


def resume(context: Context) -> None:
    """End the streams whose writers ended with the previous server."""
    streams.close_all(context)


def shutdown(context: Context) -> None:
    following.shutdown(context)
