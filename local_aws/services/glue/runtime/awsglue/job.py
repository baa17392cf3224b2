"""``Job``: the frame of a script. Bookmarks are not served.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-job.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsglue.context import NotServedError

BOOKMARKS = "job_bookmark_option"
WITHOUT = "job-bookmark-disable"


class Job:
    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context
        self._name: str | None = None

    def init(self, job_name: str, args: Mapping[str, str] | None = None) -> None:
        wanted = (args or {}).get(BOOKMARKS, WITHOUT)
        if wanted != WITHOUT:
            raise NotServedError(f"--job-bookmark-option {wanted} is not served on this machine: use {WITHOUT}")
        self._name = job_name

    def isInitialized(self) -> bool:  # noqa: N802 - AWS's name
        return self._name is not None

    def commit(self) -> None:
        if self._name is None:
            raise ValueError("Job.commit: call Job.init first")
