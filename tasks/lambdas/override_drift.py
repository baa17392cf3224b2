"""Shows drift decisions, and lets entitled people override them. Nothing of an event is printed: it has a password."""

from __future__ import annotations

from typing import Any

from vigil.aws.drift_desk import serve
from vigil.aws.drift_ports import override_ports
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.monitoring_table import MonitoringTable


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    table = MonitoringTable(aws_client("dynamodb"), parameters.tables.monitoring)
    return serve(event, override_ports(parameters), table)
