"""The two jobs of monitoring as their containers see them: the baseline of a model, and one monitor over one window.

A window's verdict is announced last, after its reports are in their place: a job that dies before has said nothing, and
the next one for the same window writes the same reports and says the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from vigil.digests import tree_digest
from vigil.models.artefact import TriageModel, extract_model, load_model
from vigil.models.train import Progress
from vigil.monitoring.baseline import BASELINE_FILE, CONSTRAINTS, STATISTICS, Baseline, read_baseline, verified_file
from vigil.monitoring.captured import Selection, SourceFile, parse_object
from vigil.monitoring.contract import ContractError, MonitorOrder, local_folder, read_order
from vigil.monitoring.elsewhere import other_hours
from vigil.monitoring.findings import Document
from vigil.monitoring.ground_truth import folder_files
from vigil.monitoring.models import WindowReport
from vigil.monitoring.monitors import LABELLED, make_monitor
from vigil.monitoring.report import Reports, write_metric_lines
from vigil.monitoring.window_cases import Sources, WindowCases

MODEL_INPUT = "processing/input/model/model.tar.gz"
BASELINE_INPUT = "processing/baseline"
MERGED_FOLDER = "processing/merged"
METRICS_FILE = "output/metrics/cloudwatch/metrics.jsonl"
MESSAGE_FILE = "output/message"


class Outside(Protocol):
    """What a job reaches beyond its folders. Addresses are S3 URIs; a prefix ends in ``/``."""

    def fetch(self, uri: str, path: Path) -> None:
        """One object. Raises an error that names the address where there is none."""

    def hours(self, uri: str, start: datetime, end: datetime) -> Iterable[SourceFile]:
        """What lies below a prefix in folders ``yyyy/mm/dd/hh`` that touch [start, end), by name, one at a time."""

    def deliver(self, folder: Path, names: Iterable[str], uri: str) -> None:
        """Put the files ``names`` of a folder below a prefix, in this order."""

    def put_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Put metric data where alarms look. Raises where they are refused."""

    def announce(self, report: WindowReport) -> None:
        """Tell that the window is done: one event. Raises where it was not taken."""

    def now(self) -> datetime: ...


class ModelMismatchError(ValueError):
    """The model that the job was given is not the one whose digest it was told."""


def run_monitor(root: Path, environment: Mapping[str, str], outside: Outside, progress: Progress) -> WindowReport:
    """One monitor over one window, as ``vigil.monitoring.contract`` says; ``root`` stands for /opt/ml.

    Raises ``ContractError``, ``BaselineError``, ``ModelMismatchError``, and what ``outside`` raises; then nothing has
    been announced.
    """
    order = read_order(environment)
    output = local_folder(root, order.output_path)
    progress(f"{order.monitor} of {order.endpoint}, window {order.window.key}")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        baseline, of_baseline, constraints = _baseline(root, order, outside, scratch / "baseline")
        model = _model(root, order, outside, scratch / "model")
        monitor = make_monitor(order.monitor, baseline.rules, baseline.evaluation, model)
        selection = Selection(order.artefact_digest, order.window)
        sources = _sources(root, order, outside)
        with WindowCases(sources, selection, order.window, scratch, root / MERGED_FOLDER) as cases:
            statistics = monitor.statistics(cases)
            counted = cases.counted()
    findings = monitor.judge(statistics, of_baseline, counted.labels)
    progress(f"{counted.captured.cases} cases, {findings.status}, {len(findings.violations)} violations")
    reports = Reports(order, findings, counted, finished_at=outside.now())
    names = reports.write(output, statistics, constraints)
    _deliver(root, order, reports, names, cases.merged, outside)
    progress("reports delivered")
    report = reports.report
    outside.announce(report)
    progress(f"announced {report.id}")
    return report


def _deliver(
    root: Path,
    order: MonitorOrder,
    reports: Reports,
    names: list[str],
    merged: Path | None,
    outside: Outside,
) -> None:
    """Everything but the announcement. The reports go to their place now, not when the platform ends the job."""
    if order.merged_uri and merged is not None:
        outside.deliver(merged.parent, [merged.name], order.merged_uri)
    outside.deliver(local_folder(root, order.output_path), names, order.report_uri)
    lines = reports.metric_lines()
    write_metric_lines(root / METRICS_FILE, lines)
    if order.publish_metrics:
        outside.put_metrics(lines)
    message = root / MESSAGE_FILE
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(reports.exit_message, encoding="utf-8")


def _baseline(root: Path, order: MonitorOrder, outside: Outside, scratch: Path) -> tuple[Baseline, Document, Document]:
    """The pinned baseline with this monitor's statistics and constraints, each compared with its digest."""
    main = _given(root, None, BASELINE_FILE, order, outside, scratch)
    baseline = read_baseline(
        main.read_bytes(),
        digest=order.baseline_digest,
        artefact_digest=order.artefact_digest,
        plan_digest=order.plan_digest,
    )
    documents = []
    for name, path in ((STATISTICS, order.baseline_statistics), (CONSTRAINTS, order.baseline_constraints)):
        file = _given(root, path, f"{order.monitor}/{name}", order, outside, scratch)
        documents.append(parse_object(verified_file(baseline, order.monitor, name, file)) or {})
    return baseline, documents[0], documents[1]


def _given(root: Path, path: str | None, name: str, order: MonitorOrder, outside: Outside, scratch: Path) -> Path:
    """A file of the baseline: where the environment says, else in the baseline's input, else below its address."""
    local = local_folder(root, path) if path else root / BASELINE_INPUT / name
    if local.is_file():
        return local
    if order.baseline_uri is None:
        raise ContractError(f"there is no {name}: give the baseline as an input, or set vigil_baseline_uri")
    outside.fetch(f"{order.baseline_uri.rstrip('/')}/{name}", scratch / name)
    return scratch / name


def _model(root: Path, order: MonitorOrder, outside: Outside, scratch: Path) -> TriageModel:
    archive = root / MODEL_INPUT
    if not archive.is_file():
        if order.artefact_uri is None:
            raise ContractError("there is no model: give it as the input model, or set vigil_artefact_uri")
        archive = scratch.with_suffix(".tar.gz")
        outside.fetch(order.artefact_uri, archive)
    extract_model(archive, scratch)
    found = tree_digest(scratch)
    if found != order.artefact_digest:
        raise ModelMismatchError(
            f"the model's digest is {found[:12]}, the job was told {order.artefact_digest[:12]}: "
            "start the monitor with what the endpoint's record names"
        )
    return load_model(scratch)


def _sources(root: Path, order: MonitorOrder, outside: Outside) -> Sources:
    """Folders that the platform filled, or hours read below S3 prefixes, which no number of inputs limits."""
    start, end, now = order.window.start, order.window.end, outside.now()
    labelled = order.monitor in LABELLED
    ground_truth: Iterable[SourceFile] | None = None
    if labelled and order.ground_truth_source and not order.merged_by_platform:
        ground_truth = _files(root, order.ground_truth_source, start, now + timedelta(hours=1), outside)
    elsewhere: Iterable[SourceFile] = ()
    if _is_remote(order.dataset_source):
        elsewhere = other_hours(partial(outside.hours, order.dataset_source), order.window, now)
    return Sources(
        captured=_files(root, order.dataset_source, start, end, outside),
        ground_truth=ground_truth,
        elsewhere=elsewhere,
        merged_by_platform=labelled and order.merged_by_platform,
        scored=outside.hours(order.captured_uri, start, end) if order.captured_uri else None,
    )


def _files(root: Path, source: str, start: datetime, end: datetime, outside: Outside) -> Iterable[SourceFile]:
    return outside.hours(source, start, end) if _is_remote(source) else folder_files(local_folder(root, source))


def _is_remote(source: str) -> bool:
    return source.startswith("s3://")
