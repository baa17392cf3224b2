"""The weekly report of monitoring: made from the table's windows, kept in S3."""

from __future__ import annotations

from collections.abc import Iterable

from vigil.aws import monitoring_places
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.monitoring_table import MonitoringTable
from vigil.aws.objects import put_bytes
from vigil.monitoring.models import Window, WindowReport
from vigil.monitoring.weekly.page import render


def keep_weekly_report(window: Window, fresh: Iterable[WindowReport]) -> str:
    """The page's address. ``fresh``: reports that may not be in the table yet. The same week is written over."""
    parameters = load_parameters()
    endpoint = parameters.sagemaker.endpoint
    table = MonitoringTable(aws_client("dynamodb"), parameters.tables.monitoring)
    page = render(endpoint, window, newest([*table.windows(endpoint), *fresh]), table.decisions(endpoint))
    place = monitoring_places.weekly_reports(parameters, endpoint) / f"{window.key}.html"
    put_bytes(page.encode(), place)
    return str(place)


def newest(reports: Iterable[WindowReport]) -> list[WindowReport]:
    """Of each window and monitor the report that was finished last; newest window first."""
    found: dict[str, WindowReport] = {}
    for report in sorted(reports, key=lambda each: each.finished_at):
        found[report.id] = report
    return sorted(found.values(), key=lambda each: (each.window.key, each.monitor), reverse=True)
