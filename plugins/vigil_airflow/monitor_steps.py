"""The steps of `watch_model` between Airflow and the library: plain values in, plain values out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

if TYPE_CHECKING:
    from vigil.monitoring.models import WindowReport

logger = logging.getLogger(__name__)

MERGE = "merge-ground-truth"
NEED_LABELS = ("model-quality", "bias")


class NotWatchedError(AirflowFailException):
    """What serves cannot be watched, and asking again would not change that."""


class WindowRefusedError(AirflowFailException):
    """The form names no window, or no monitor: the same form would be refused again."""


def choose_window(params: Mapping[str, Any], as_of: datetime | None) -> dict[str, Any]:
    """``window`` (start and end), the ``merge`` order and the monitors' ``orders``, all over this one window.

    Without a window in the form, what needs labels looks once more at the windows before it for which labels came.
    ``as_of``: the moment that a scheduled run is about. Skips where no model serves. Raises ``WindowRefusedError`` and
    ``NotWatchedError``.
    """
    order: dict[str, Any] = {"kind": "look", **_asked_window(params)}
    if as_of is not None:
        order["scheduled_time"] = as_of.isoformat()
    answer = ask(order)
    if answer["status"] == "nothing-serves":
        raise AirflowSkipException(answer["explanation"])
    if answer["window"] is None:
        raise NotWatchedError(answer["explanation"])
    logger.info("%s", answer["explanation"])
    window = answer["window"]
    orders = [{"monitor": monitor, "window": window} for monitor in params["monitors"]]
    late = [monitor for monitor in params["monitors"] if monitor in NEED_LABELS]
    orders += [{"monitor": monitor, "window": older} for older in answer.get("older", ()) for monitor in late]
    return {"window": window, "merge": {"kind": MERGE, "window": window}, "orders": orders}


def _asked_window(params: Mapping[str, Any]) -> dict[str, Any]:
    from pydantic import ValidationError

    from vigil.monitoring.models import Window

    start, end = params["window_start"], params["window_end"]
    if not params["monitors"]:
        raise WindowRefusedError("no monitor is chosen: choose at least one")
    if start is None and end is None:
        return {}
    try:
        window = Window.model_validate({"start": start, "end": end})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'window'}: {one['msg']}" for one in error.errors())
        raise WindowRefusedError(f"the form names no window, give both its start and its end: {wrong}") from None
    return {"window": window.model_dump(mode="json")}


def ask(order: Mapping[str, Any]) -> dict[str, Any]:
    """What `start_monitor` answers, as plain values. Raises ``StartMonitorError``."""
    from vigil.aws.environment import aws_client, load_parameters
    from vigil.aws.monitor_orders import MonitorOrder, ask_to_start

    wanted = MonitorOrder.model_validate(dict(order))
    answer = ask_to_start(wanted, load_parameters().functions.start_monitor, aws_client("lambda"))
    return answer.model_dump(mode="json")


def without_a_job(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The result where there was nothing to look at: news for whoever watches, no failure."""
    logger.warning("%s: %s", answer["monitor"] or answer["kind"], answer["explanation"])
    return {"monitor": answer["monitor"], "status": "too-few", "note": answer["explanation"], "report_uri": None}


def failure_of(job_name: str) -> str:
    """The job's own words."""
    from vigil.approvals.redaction import redact_text
    from vigil.aws.environment import aws_client

    job = aws_client("sagemaker").describe_processing_job(ProcessingJobName=job_name)
    return redact_text(job.get("ExitMessage") or job.get("FailureReason") or "no reason was given")


def result_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a job that ended well found, told in the log."""
    if answer["kind"] == MERGE:
        return _merged(answer)
    report = read_report(answer["output_uri"])
    logger.info("%s", table_of(report))
    for violation in report.violations:
        logger.warning("%s: %s", violation.feature, violation.description)
    return {
        "monitor": report.monitor.value,
        "status": report.status.value,
        "cases": report.cases,
        "violations": report.violation_count,
        "note": report.note,
        "report_uri": answer["output_uri"],
    }


def _merged(answer: Mapping[str, Any]) -> dict[str, Any]:
    from vigil.aws.objects import S3Uri, get_bytes

    counts: dict[str, Any] = json.loads(get_bytes(S3Uri.parse(answer["output_uri"]) / "ground_truth.json"))
    logger.info("ground truth: %s", json.dumps(counts, sort_keys=True))
    return {"merged": answer["output_uri"], **counts}


def read_report(prefix: str) -> WindowReport:
    from vigil.aws.objects import S3Uri, get_bytes
    from vigil.monitoring.models import WindowReport

    return WindowReport.model_validate_json(get_bytes(S3Uri.parse(prefix) / "window.json"))


def table_of(report: WindowReport) -> str:
    """Verdict, counts and measures, a line each."""
    lines = [f"{report.monitor}: {report.status}, {report.violation_count} violations, {report.cases:,} cases"]
    if report.labels is not None:
        coverage = report.labels.coverage
        lines.append(f"  labelled {report.labels.labelled:,} of {report.labels.scored:,}")
        lines[-1] += "" if coverage is None else f" ({coverage:.1%})"
    for name, measure in sorted(report.measures.items()):
        interval = "" if measure.low is None or measure.high is None else f" ({measure.low:.3f} to {measure.high:.3f})"
        lines.append(f"  {name} {'undefined' if measure.value is None else f'{measure.value:.3f}'}{interval}")
    return "\n".join([*lines, *([f"  {report.note}"] if report.note else [])])


def write_weekly(window: Mapping[str, Any], results: Iterable[Mapping[str, Any]]) -> str:
    """The weekly report, kept in S3; its address. Windows come from the table, the newest from this run's own jobs.

    What this run's jobs announced may not be recorded yet, so their reports are read from where the jobs put them.
    """
    from vigil.aws.weekly_reports import keep_weekly_report
    from vigil.monitoring.models import Window

    fresh = [read_report(result["report_uri"]) for result in results if result["report_uri"]]
    return keep_weekly_report(Window.model_validate(dict(window)), fresh)
