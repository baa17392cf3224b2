"""Records a monitored window in the table and the ledger, and counts its violations. EventBridge calls it."""

from __future__ import annotations

from typing import Any

from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import aws_client, load_parameters, stack_name
from vigil.aws.ledger_ports import acting_function, required_ledger
from vigil.aws.monitoring_metrics import MonitoringMetrics
from vigil.aws.window_documents import read_window
from vigil.aws.window_records import RecordedWindow, WindowEvent, record_window, run_key_of


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    told, parameters = WindowEvent.model_validate(event).detail, load_parameters()
    serving = ServingRecords(aws_client("dynamodb"), parameters.tables.models).serving(told.endpoint)
    report, document_digest = read_window(told, parameters, aws_client("s3"), serving)
    window = RecordedWindow(report, document_digest, run_key_of(report, serving))
    is_news = record_window(window, parameters, acting_function(), required_ledger(parameters))
    if is_news:
        MonitoringMetrics(aws_client("cloudwatch"), stack_name()).window(report)
    return {"window_id": report.id, "is_news": is_news}
