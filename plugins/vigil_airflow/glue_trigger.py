"""Waits for a Glue job run."""

from __future__ import annotations

from typing import Any

from vigil_airflow.polling import Backoff
from vigil_airflow.trigger import PollingTrigger

# States of a run that goes on, in the words of the Glue API (JobRunState).
ACTIVE = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})


class GlueRunTrigger(PollingTrigger):
    """Fires with the run's state when the run has ended.

    A run that is not the task's ``own``, but only in its way, goes on when the task is killed.
    """

    service = "glue"
    # A run takes a minute at least on Glue, half an hour with many quarters.
    longest_interval = 30.0

    def __init__(self, job_name: str, run_id: str, region_name: str | None = None, own: bool = True) -> None:
        super().__init__(region_name)
        self.job_name = job_name
        self.run_id = run_id
        self.own = own
        self._state = ""

    def fields(self) -> dict[str, Any]:
        return {"job_name": self.job_name, "run_id": self.run_id, "own": self.own}

    async def look(self, client: Any, backoff: Backoff) -> dict[str, Any] | None:
        answer = await client.get_job_run(JobName=self.job_name, RunId=self.run_id)
        state = answer["JobRun"]["JobRunState"]
        if state != self._state:
            self.log.info("run %s is %s", self.run_id, state)
            self._state = state
            backoff.reset()
        return None if state in ACTIVE else {"status": state, "run_id": self.run_id}

    async def stop(self, client: Any) -> None:
        if not self.own:
            return
        answer = await client.batch_stop_job_run(JobName=self.job_name, JobRunIds=[self.run_id])
        if answer.get("Errors"):
            self.log.warning("run %s was not stopped: %s", self.run_id, answer["Errors"][0].get("ErrorDetail"))
        else:
            self.log.info("stopped run %s: the task was killed", self.run_id)
