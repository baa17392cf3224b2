"""Start a monitor, or the merge of ground truth, over a window: what serves, what was captured, one job.

A window in which nothing was captured is news for whoever watches: it is announced like any other window, with the
status TOO_FEW, so that the Monitoring page and the ledger have it. Without it, silence would look like an all-clear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vigil.aws import monitoring_places
from vigil.aws.analyzer_environment import NEED_LABELS
from vigil.aws.captured_data import Found, captured_in, ground_truth_until, last_window
from vigil.aws.environment import StackParameters
from vigil.aws.monitor_jobs import Work, start_once
from vigil.aws.monitor_orders import MonitorAnswer, MonitorOrder, Started
from vigil.aws.monitored_model import NoBaselineError, NothingServesError, ServedModel, monitoring_rules, served_model
from vigil.aws.monitoring_events import announce
from vigil.aws.objects import S3Uri, put_bytes
from vigil.aws.window_documents import WINDOW_FILE
from vigil.moments import Clock
from vigil.monitoring.models import (
    LabelCounts,
    Monitor,
    Window,
    WindowReport,
    WindowStatus,
)

NOTHING_CAPTURED = "nothing was captured in this window: no request came, or data capture did not work"


@dataclass(frozen=True)
class StartPorts:
    """boto3 clients, the endpoint's item of the models table, and the server's clock."""

    s3: Any
    sagemaker: Any
    events: Any
    serving: dict[str, str]
    clock: Clock


def start(order: MonitorOrder, parameters: StackParameters, ports: StartPorts) -> MonitorAnswer:
    """Raises ``MonitorJobFailedError`` and ``AnnouncementError``; what nobody can mend by retrying is an answer."""
    endpoint = parameters.sagemaker.endpoint
    try:
        served = served_model(ports.serving)
    except NothingServesError as error:
        return _answer(order, Started.NOTHING_SERVES, endpoint, str(error))
    except NoBaselineError as error:
        return _answer(order, Started.NO_BASELINE, endpoint, str(error))
    window = order.window or _last_window(order, served, parameters, ports)
    root = monitoring_places.captured(parameters) / f"{endpoint}/"
    captured = captured_in(ports.s3, root, window.start, window.end)
    if order.kind == "look":
        told = f"{captured.objects} captured objects in the window {window.key}"
        older = () if order.window is not None else _older(window, served, parameters, ports)
        return _answer(order, Started.LOOKED, endpoint, told, window=window, older=older)
    if not captured.objects:
        if order.monitor is not None:
            _tell(_empty(order.monitor, window, served, parameters, ports), ports)
        return _answer(order, Started.NOTHING_CAPTURED, endpoint, NOTHING_CAPTURED, window=window)
    work = Work(
        monitor=order.monitor,
        window=window,
        served=served,
        captured=captured,
        ground_truth=_ground_truth(order, window, parameters, ports),
        output_uri=_output_uri(order, window, parameters),
    )
    name, is_new = start_once(work, parameters, ports.sagemaker)
    status = Started.STARTED if is_new else Started.JOINED
    told = "started" if is_new else "was started before, over the same data"
    return _answer(order, status, endpoint, f"{name} {told}", window=window, job_name=name, output_uri=work.output_uri)


def _last_window(order: MonitorOrder, served: ServedModel, parameters: StackParameters, ports: StartPorts) -> Window:
    """As long as the plan says under which the model was released; for what needs labels, as far back as they take."""
    rules = monitoring_rules(served, parameters, ports.s3)
    now = order.scheduled_time or ports.clock()
    if order.monitor in NEED_LABELS:
        now -= timedelta(seconds=rules.labels_come_within_seconds)
    start, end = last_window(now, rules.window_seconds)
    return Window(start=start, end=end)


def _older(window: Window, served: ServedModel, parameters: StackParameters, ports: StartPorts) -> tuple[Window, ...]:
    """The windows before it, as far back as labels take, in which cases were captured and since which labels came."""
    rules = monitoring_rules(served, parameters, ports.s3)
    step, endpoint = window.end - window.start, parameters.sagemaker.endpoint
    captures = monitoring_places.captured(parameters) / f"{endpoint}/"
    labels = monitoring_places.ground_truth(parameters, endpoint)
    found = []
    for back in range(1, math.ceil(rules.labels_come_within_seconds / step.total_seconds()) + 1):
        older = Window(start=window.start - back * step, end=window.end - back * step)
        if older.end <= served.since or not captured_in(ports.s3, captures, older.start, older.end).objects:
            continue
        if ground_truth_until(ports.s3, labels, older.end, ports.clock()).objects:
            found.append(older)
    return tuple(found)


def _ground_truth(order: MonitorOrder, window: Window, parameters: StackParameters, ports: StartPorts) -> Found | None:
    """None where the job needs none; it may also be that none has arrived yet, which the analyzer reports."""
    if order.monitor is not None and order.monitor not in NEED_LABELS:
        return None
    root = monitoring_places.ground_truth(parameters, parameters.sagemaker.endpoint)
    return ground_truth_until(ports.s3, root, window.start, ports.clock())


def _output_uri(order: MonitorOrder, window: Window, parameters: StackParameters) -> str:
    endpoint = parameters.sagemaker.endpoint
    if order.monitor is None:
        return str(monitoring_places.merged(parameters, endpoint, window))
    return str(monitoring_places.report(parameters, endpoint, order.monitor, window))


def _empty(
    monitor: Monitor, window: Window, served: ServedModel, parameters: StackParameters, ports: StartPorts
) -> WindowReport:
    endpoint = parameters.sagemaker.endpoint
    return WindowReport(
        endpoint=endpoint,
        monitor=monitor,
        window=window,
        status=WindowStatus.TOO_FEW,
        cases=0,
        labels=LabelCounts() if monitor in NEED_LABELS else None,
        violation_count=0,
        note=NOTHING_CAPTURED,
        artefact_digest=served.artefact_digest,
        baseline_digest=served.baseline_digest,
        plan_digest=served.plan_digest,
        report_uri=str(monitoring_places.report(parameters, endpoint, monitor, window)),
        finished_at=ports.clock(),
    )


def _tell(report: WindowReport, ports: StartPorts) -> None:
    """As a job does: the report first, since an event about a report that is not there is not believed."""
    put_bytes(report.model_dump_json().encode(), S3Uri.parse(report.report_uri) / WINDOW_FILE, ports.s3)
    announce(report, ports.events)


def _answer(order: MonitorOrder, status: Started, endpoint: str, explanation: str, **more: Any) -> MonitorAnswer:
    facts = {"kind": order.kind, "monitor": order.monitor, "window": order.window}
    return MonitorAnswer(status=status, endpoint=endpoint, explanation=explanation, **(facts | more))
