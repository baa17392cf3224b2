"""Consumer of the train-model queue: starts train-and-promote for each request, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.aws.approval_ports import executions
from vigil.aws.environment import load_parameters
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.message_batches import each_message
from vigil.aws.run_ledger import record_run_requested
from vigil.aws.training_queue import execution_arn, execution_name
from vigil.models.models import TrainingRequest


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    machine, ledger = parameters.state_machines.train_and_promote, required_ledger(parameters)

    def start_one(record: Mapping[str, Any]) -> None:
        claimed = TrainingRequest.model_validate_json(record["body"])
        # Always overwritten: a message cannot say who sent it.
        request = claimed.model_copy(update={"sent_by": record.get("attributes", {}).get("SenderId")})
        name = execution_name(record)
        record_run_requested(execution_arn(machine, name), record["messageId"], request, ledger)
        executions().start(machine, name, request.model_dump(mode="json", exclude_none=True))

    return each_message(event, start_one)
