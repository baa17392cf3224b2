"""A window's report as the monitor wrote it: an event only says where it lies, and whoever may put events may lie.

Read by both who act on an event: the record of the window, and the decision on drift.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from vigil.aws import monitoring_places
from vigil.aws.environment import StackParameters
from vigil.aws.objects import ObjectError, S3Uri, get_bytes
from vigil.monitoring.models import WindowReport

WINDOW_FILE = "window.json"  # in a report's folder, written last


class WindowDocumentError(Exception):
    """An event's report is not where it must be, is missing or unreadable, or says something else: nothing is done."""


def read_window(
    event_report: WindowReport, parameters: StackParameters, s3: Any, serving: Mapping[str, str]
) -> tuple[WindowReport, str]:
    """The report with every violation, and the SHA-256 of ``window.json``. ``serving``: what is recorded as serving.

    Where the monitor has looked at the window again since the event, the later report is what counts; its own event
    comes as well. A report about the model in service must name the baseline and the plan that its release pinned.
    Raises ``WindowDocumentError``.
    """
    uri = _place(event_report, parameters)
    try:
        content = get_bytes(uri, s3)
        report = WindowReport.model_validate_json(content)
    except (ObjectError, ValidationError) as error:
        raise WindowDocumentError(f"the report {uri} cannot be read: {type(error).__name__}") from None
    _refuse_differences(event_report, report, uri)
    _refuse_unpinned(report, uri, serving)
    return report, hashlib.sha256(content).hexdigest()


def _place(told: WindowReport, parameters: StackParameters) -> S3Uri:
    """The folder of this endpoint, monitor and window."""
    folder = monitoring_places.report(parameters, told.endpoint, told.monitor, told.window)
    if told.report_uri != str(folder):
        raise WindowDocumentError(f"the event names a report outside of {folder}: nothing is done")
    return folder / WINDOW_FILE


def _refuse_differences(told: WindowReport, report: WindowReport, uri: S3Uri) -> None:
    same = ["endpoint", "monitor", "window", "artefact_digest", "baseline_digest", "plan_digest", "report_uri"]
    if report.finished_at <= told.finished_at:
        same += ["finished_at", "status", "cases", "violation_count"]
    differing = [name for name in same if getattr(report, name) != getattr(told, name)]
    if not differing and report.finished_at == told.finished_at and _broken(report.told()) != _broken(told.told()):
        differing = ["violations"]
    if differing:
        raise WindowDocumentError(f"the report {uri} says otherwise than its event: {', '.join(differing)}")


def _refuse_unpinned(report: WindowReport, uri: S3Uri, serving: Mapping[str, str]) -> None:
    """What an older stack recorded names no baseline, and no plan: there is nothing to compare with."""
    if serving.get("artefact_digest") != report.artefact_digest:
        return  # about a model that does not serve (any more): such a window is recorded, and never retrained on
    for name in ("baseline_digest", "plan_digest"):
        if serving.get(name) and serving[name] != getattr(report, name):
            raise WindowDocumentError(f"the report {uri} has another {name} than the model in service was released by")


def _broken(report: WindowReport) -> list[tuple[str, str, str]]:
    return [(violation.feature, violation.check, violation.metric) for violation in report.violations]
