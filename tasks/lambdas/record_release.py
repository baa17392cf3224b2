"""Records a dataset's release in the ledger, after looking at the release itself. Airflow's release task calls it."""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.release_ledger import RecordReleaseEvent, record_dataset_released


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters, asked = load_parameters(), RecordReleaseEvent.model_validate(event)
    bucket, ledger = parameters.buckets.datasets, required_ledger(parameters)
    return {"sequence": record_dataset_released(asked, bucket, aws_client("s3"), ledger)}
