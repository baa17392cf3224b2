"""Waits for a SageMaker processing job."""

from __future__ import annotations

from typing import Any

from vigil_airflow.polling import Backoff
from vigil_airflow.trigger import PollingTrigger

# Statuses of a job that goes on, in the words of the SageMaker API (ProcessingJobStatus).
ACTIVE = frozenset({"InProgress", "Stopping"})


class ProcessingJobTrigger(PollingTrigger):
    """Fires with the job's status when the job has ended.

    A job that is not the task's ``own``, but was joined, goes on when the task is killed.
    """

    service = "sagemaker"
    # A job takes some minutes: its instance alone two.
    longest_interval = 30.0

    def __init__(self, job_name: str, own: bool, region_name: str | None = None) -> None:
        super().__init__(region_name)
        self.job_name = job_name
        self.own = own

    def fields(self) -> dict[str, Any]:
        return {"job_name": self.job_name, "own": self.own}

    async def look(self, client: Any, backoff: Backoff) -> dict[str, Any] | None:
        answer = await client.describe_processing_job(ProcessingJobName=self.job_name)
        status = answer["ProcessingJobStatus"]
        return None if status in ACTIVE else {"status": status, "job_name": self.job_name}

    async def stop(self, client: Any) -> None:
        if self.own:
            await client.stop_processing_job(ProcessingJobName=self.job_name)
            self.log.info("stopped the job %s: the task was killed", self.job_name)
