"""Consumer of the training-results dead letters: fails each wait whose approval request could not be opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.approvals.dead_letters import DeadLetterPorts, fail_wait
from vigil.aws.approval_ports import approvals_table, executions
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.ledger_ports import required_ledger
from vigil.aws.message_batches import each_message
from vigil.aws.notifications import Notifications


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    ports = DeadLetterPorts(
        store=approvals_table(parameters),
        runs=executions(),
        ledger=required_ledger(parameters),
        notices=Notifications(aws_client("sns"), parameters.topics.notifications),
    )

    def fail_one(record: Mapping[str, Any]) -> None:
        fail_wait(record["messageId"], record["body"], ports)

    return each_message(event, fail_one)
