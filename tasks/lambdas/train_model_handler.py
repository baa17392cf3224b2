"""Consumer of the train-model queue: starts train-and-promote for each request, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.aws.approval_ports import executions
from vigil.aws.environment import load_parameters
from vigil.aws.message_batches import each_message
from vigil.aws.training_queue import execution_name
from vigil.models.models import TrainingRequest


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    machine = load_parameters().state_machines.train_and_promote

    def start_one(record: Mapping[str, Any]) -> None:
        claimed = TrainingRequest.model_validate_json(record["body"])
        # Always overwritten: a message cannot say who sent it.
        request = claimed.model_copy(update={"sent_by": record.get("attributes", {}).get("SenderId")})
        executions().start(machine, execution_name(record), request.model_dump(mode="json", exclude_none=True))

    return each_message(event, start_one)
