"""Starts one monitor, or the merge of ground truth, over a window: a processing job, once for the same data."""

from __future__ import annotations

from typing import Any

from vigil.aws.clock import server_time
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.monitor_orders import MonitorOrder
from vigil.aws.monitor_start import StartPorts, start


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    order, parameters = MonitorOrder.model_validate(event), load_parameters()
    serving = ServingRecords(aws_client("dynamodb"), parameters.tables.models).serving(parameters.sagemaker.endpoint)
    ports = StartPorts(aws_client("s3"), aws_client("sagemaker"), aws_client("events"), serving, server_time)
    return start(order, parameters, ports).model_dump(mode="json")
