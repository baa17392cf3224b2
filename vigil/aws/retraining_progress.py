"""Whether a retraining still goes on: its request, the dataset, the training, the wait for signatures, the endpoint.

Nobody keeps a mark up to date: what runs is asked of those who run it. So a lock can be neither lost nor left behind.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from vigil.aws.airflow_rest import AirflowRefusedError, AirflowUnavailableError, Announced, MwaaAirflow
from vigil.moments import Clock
from vigil.monitoring.retraining import BUILD_DAG, Retraining, dag_run_id

logger = logging.getLogger(__name__)

UNFINISHED = {"queued", "running", "restarting", "up_for_retry"}
DONE = "success"
RUNNING = "RUNNING"
#: From an asset's event to the run that it starts: Airflow's scheduler looks every few seconds. Where none has come
#: after an hour, the DAG is switched off, and nothing trains.
SOON = timedelta(hours=1)


class RetrainingProgress:
    """``Progress``. ``states`` is a boto3 Step Functions client; ``train_and_promote`` that machine's ARN."""

    def __init__(self, airflow: MwaaAirflow, states: Any, train_and_promote: str, clock: Clock) -> None:
        self._airflow = airflow
        self._states = states
        self._train_and_promote = train_and_promote
        self._clock = clock

    def is_running(self, retraining: Retraining) -> bool:
        if self._status(retraining.execution_arn) == RUNNING:  # it is about to ask, or asks again
            return True
        run_id = dag_run_id(retraining.decision_id)
        try:
            state = self._airflow.run_state(BUILD_DAG, run_id)
            if state != DONE:
                return state in UNFINISHED
            events = self._airflow.announced(BUILD_DAG, run_id)
        except (AirflowUnavailableError, AirflowRefusedError) as error:
            logger.warning("whether %s still runs is not known, so it counts as running: %s", run_id, error)
            return True
        return any(map(self._goes_on, events)) or self._is_trained_for(retraining.decision_id)

    def _goes_on(self, event: Announced) -> bool:
        if not event.started:
            return self._clock() < event.at + SOON
        return any(run.state in UNFINISHED for run in event.started)

    def _is_trained_for(self, decision_id: str) -> bool:
        """Whether an execution goes on that was asked for by this decision, whatever became of its Airflow task."""
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self._train_and_promote, statusFilter=RUNNING
        )
        running = [execution["executionArn"] for page in pages for execution in page["executions"]]
        return any(f"drift:{decision_id}" in self._asker(arn) for arn in running)

    def _asker(self, execution_arn: str) -> str:
        described = self._states.describe_execution(executionArn=execution_arn)
        return str(json.loads(described.get("input") or "{}").get("requested_by", ""))

    def _status(self, execution_arn: str) -> str | None:
        try:
            return str(self._states.describe_execution(executionArn=execution_arn)["status"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return None
            raise
