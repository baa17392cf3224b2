"""Whether a training goes on. Drift's own: request, dataset, training, the wait for signatures, the endpoint.

Nobody keeps a mark up to date: what runs is asked of those who run it. So a lock can be neither lost nor left behind.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from vigil.aws.airflow_rest import AirflowRefusedError, AirflowUnavailableError, Announced, MwaaAirflow
from vigil.moments import Clock
from vigil.monitoring.retraining import BUILD_DAG, Retraining, Running, dag_run_id

logger = logging.getLogger(__name__)

UNFINISHED = {"queued", "running", "restarting", "up_for_retry"}
DONE, FAILED = "success", "failed"
RUNNING = "RUNNING"
#: From an asset's event to the run that it starts: Airflow's scheduler looks every few seconds. Where none has come
#: after an hour, the DAG is switched off, and nothing trains.
SOON = timedelta(hours=1)
#: How long an Airflow without an answer is believed to build a dataset. What comes after it, Step Functions knows.
UNANSWERED = timedelta(days=1)


class RetrainingProgress:
    """``Progress``. ``states`` is a boto3 Step Functions client; ``train_and_promote`` that machine's ARN."""

    def __init__(self, airflow: MwaaAirflow, states: Any, train_and_promote: str, clock: Clock) -> None:
        self._airflow = airflow
        self._states = states
        self._train_and_promote = train_and_promote
        self._clock = clock

    def what_runs(self, retraining: Retraining | None, was_asked: bool) -> Running | None:
        trainings = self._trainings()
        if retraining is not None and self._is_held(retraining, was_asked, trainings):
            return Running(retraining.decision_id)
        return Running(training=min(trainings).rpartition(":")[2]) if trainings else None

    def had_its_data(self, decision_id: str) -> bool:
        try:
            return self._airflow.run_state(BUILD_DAG, dag_run_id(decision_id)) != FAILED
        except (AirflowUnavailableError, AirflowRefusedError) as error:
            logger.warning("whether %s had its data is not known, so it counts as tried: %s", decision_id, error)
            return True

    def _is_held(self, retraining: Retraining, was_asked: bool, trainings: Mapping[str, str]) -> bool:
        if self._status(retraining.execution_arn) == RUNNING:  # it is about to ask, or asks again
            return True
        if any(f"drift:{retraining.decision_id}" in asker for asker in trainings.values()):
            return True  # whatever became of its Airflow task
        run_id = dag_run_id(retraining.decision_id)
        try:
            state = self._airflow.run_state(BUILD_DAG, run_id)
            if state != DONE:
                return state in UNFINISHED
            return any(map(self._goes_on, self._airflow.announced(BUILD_DAG, run_id)))
        except AirflowUnavailableError as error:
            return self._is_believed(retraining, error)
        except AirflowRefusedError as error:
            return was_asked and self._is_believed(retraining, error)

    def _is_believed(self, retraining: Retraining, error: Exception) -> bool:
        believed = self._clock() < retraining.since + UNANSWERED
        said = "counts as running" if believed else "no longer counts as running"
        logger.warning("whether that of %s still runs is not known, so it %s: %s", retraining.decision_id, said, error)
        return believed

    def _goes_on(self, event: Announced) -> bool:
        if not event.started:
            return self._clock() < event.at + SOON
        return any(run.state in UNFINISHED for run in event.started)

    def _trainings(self) -> dict[str, str]:
        """Who asked for each training that goes on, up to the end of its signatures, by the execution's ARN."""
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self._train_and_promote, statusFilter=RUNNING
        )
        running = [execution["executionArn"] for page in pages for execution in page["executions"]]
        return {arn: self._asker(arn) for arn in running}

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
