"""Where monitoring keeps its files: the one place that knows the layout of the buckets."""

from __future__ import annotations

from datetime import datetime

from vigil.aws.environment import StackParameters
from vigil.aws.objects import S3Uri
from vigil.monitoring.models import Monitor, Window

#: Below a prefix by hour, as SageMaker's data capture and Model Monitor's ground truth have it.
HOUR_FOLDER = "%Y/%m/%d/%H"


def captured(parameters: StackParameters) -> S3Uri:
    """Below it ``<endpoint>/<variant>/yyyy/mm/dd/hh/*.jsonl``: what data capture writes."""
    return S3Uri(parameters.buckets.capture, "captured/")


def ground_truth(parameters: StackParameters, endpoint: str) -> S3Uri:
    """Below it ``yyyy/mm/dd/hh/*.jsonl``, by the hour in which the labels arrived."""
    return S3Uri(parameters.buckets.capture, f"ground-truth/{endpoint}/")


def merged(parameters: StackParameters, endpoint: str, window: Window) -> S3Uri:
    """What was captured in a window, with the labels that have arrived for it."""
    return S3Uri(parameters.buckets.capture, f"merged/{endpoint}/{window.key}/")


def monitor_reports(parameters: StackParameters, endpoint: str, monitor: Monitor) -> S3Uri:
    """Below it a folder for each window, named by its key."""
    return S3Uri(parameters.buckets.capture, f"reports/{endpoint}/{monitor}/")


def report(parameters: StackParameters, endpoint: str, monitor: Monitor, window: Window) -> S3Uri:
    """``statistics.json``, ``constraints.json``, ``constraint_violations.json`` and ``window.json`` of one window."""
    return monitor_reports(parameters, endpoint, monitor) / f"{window.key}/"


def weekly_reports(parameters: StackParameters, endpoint: str) -> S3Uri:
    return S3Uri(parameters.buckets.capture, f"reports/{endpoint}/weekly/")


def baseline(parameters: StackParameters, run_key: str) -> S3Uri:
    """``baseline.json`` and, below ``<monitor>/``, ``statistics.json`` and ``constraints.json``: of one model."""
    return S3Uri(parameters.buckets.models, f"runs/{run_key}/baseline/")


def hour_of(moment: datetime) -> str:
    return f"{moment:{HOUR_FOLDER}}"
