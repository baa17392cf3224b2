"""Watching the stack's endpoint, on AWS."""

from __future__ import annotations

from datetime import datetime

from vigil.aws.clock import server_time
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.endpoint_watch import Watched, WatchPorts, watch
from vigil.aws.environment import ConfigurationError, StackParameters, aws_client, stack_name
from vigil.aws.model_monitor_schedules import ModelMonitorSchedules
from vigil.aws.monitored_model import monitoring_rules
from vigil.aws.monitoring_metrics import MonitoringMetrics
from vigil.aws.monitoring_schedules import MonitoringSchedules, SchedulerSchedules
from vigil.aws.monitoring_table import MonitoringTable

SCHEDULER, MODEL_MONITOR = "scheduler", "model-monitor"


def watch_stack(parameters: StackParameters) -> Watched:
    """Makes the schedules be as the endpoint is, and counts the monitors that are overdue."""
    endpoint = parameters.sagemaker.endpoint
    done = watch(endpoint, watch_ports(parameters))
    MonitoringMetrics(aws_client("cloudwatch"), stack_name()).overdue(len(done.overdue))
    return done


def watch_ports(parameters: StackParameters) -> WatchPorts:
    """Raises ``ConfigurationError`` for a home that there is not."""
    endpoint, stack = parameters.sagemaker.endpoint, stack_name()
    s3 = aws_client("s3")
    homes: dict[str, MonitoringSchedules] = {
        SCHEDULER: SchedulerSchedules(aws_client("scheduler"), parameters, stack),
        MODEL_MONITOR: ModelMonitorSchedules(
            aws_client("sagemaker"),
            parameters,
            stack,
            lambda served: monitoring_rules(served, parameters, s3),
        ),
    }
    if parameters.monitoring.home not in homes:
        raise ConfigurationError(
            f"/vigil/{stack}/monitoring/home is {parameters.monitoring.home!r}: deploy with {' or '.join(homes)}"
        )
    home = homes.pop(parameters.monitoring.home)
    told = MonitoringTable(aws_client("dynamodb"), parameters.tables.monitoring).last_told(endpoint)
    return WatchPorts(
        sagemaker=aws_client("sagemaker"),
        serving=ServingRecords(aws_client("dynamodb"), parameters.tables.models).serving(endpoint),
        home=home,
        others=tuple(homes.values()),
        told={monitor: datetime.fromisoformat(moment) for monitor, moment in told.items() if moment},
        clock=server_time,
    )
