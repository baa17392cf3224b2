"""What the Monitoring page reads: the newest windows and their decisions from the table, few and small files from S3.

Bounded in every direction, and two looks within ``FRESH_SECONDS`` cost one: it does not matter how many watch. What
cannot be read becomes a sentence on the page, so that one bad file hides nothing else.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from vigil.aws import monitoring_places
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.item_batches import batch_items
from vigil.aws.monitoring_table import DOCUMENT, MonitoringTable, decision_item, window_item
from vigil.aws.objects import NOT_THERE, ObjectError, S3Uri
from vigil.digests import sha256_hex
from vigil.monitoring.models import DriftDecision, Monitor, Window, WindowReport, WindowStatus
from vigil.monitoring.overview import overview
from vigil.monitoring.shown import Overview, Schedule, Serving, WindowDetail, WindowFiles
from vigil.monitoring.window_files import WindowFileError, bias_figures, compared_columns, ranking_of

FRESH_SECONDS = 15.0
WINDOWS_READ = 16  # of each monitor: a quarter of weekly ones
BATCH_KEYS = 100  # BatchGetItem takes 100
LARGEST_FILE = 16 * 1024 * 1024
FILES_KEPT = 12

Kind = TypeVar("Kind", bound=BaseModel)


class MonitoringView:
    """``dynamodb`` and ``s3`` are boto3 clients; ``clock`` counts seconds. For many threads."""

    def __init__(
        self, parameters: StackParameters, dynamodb: Any, s3: Any, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._parameters, self._dynamodb, self._clock = parameters, dynamodb, clock
        self._table = MonitoringTable(dynamodb, parameters.tables.monitoring)
        self._records = ServingRecords(dynamodb, parameters.tables.models)
        self._files = _Files(s3)
        self._lock = threading.Lock()
        self._shown: tuple[float, list[Overview]] | None = None

    def overviews(self) -> list[Overview]:
        """Of the stack's endpoint, once a model serves there."""
        with self._lock:
            if self._shown is None or self._clock() - self._shown[0] >= FRESH_SECONDS:
                serving = self._serving()
                self._shown = (self._clock(), [] if serving is None else [self._overview(serving)])
            return self._shown[1]

    def window(self, window: Window, monitor: Monitor) -> WindowDetail | None:
        """None where that monitor has no report about the window. Raises ``WindowFileError`` for another form."""
        endpoint = self._parameters.sagemaker.endpoint
        document = self._table.document(endpoint, window_item(window, monitor))
        if document is None:
            return None
        report = _read(WindowReport, document)
        decision = self._table.document(endpoint, decision_item(report.id))
        serving = self._serving()
        pinned = serving is not None and serving.baseline_digest == report.baseline_digest
        return WindowDetail(
            report=report,
            decision=None if decision is None else _read(DriftDecision, decision),
            files=self._window_files([report], serving if pinned else None),
            baseline_differs=not pinned,
        )

    def schedule(self) -> Schedule:
        return Schedule(home=self._parameters.monitoring.home, expression=self._parameters.monitoring.schedule)

    def _serving(self) -> Serving | None:
        endpoint = self._parameters.sagemaker.endpoint
        item = self._records.serving(endpoint)
        if not item.get("active_package"):
            return None
        return Serving(
            endpoint=endpoint,
            model_package_arn=item["active_package"],
            artefact_digest=item.get("artefact_digest", ""),
            baseline_digest=item.get("baseline_digest") or None,
            dataset_version=item.get("dataset_version") or None,
            run_key=item.get("run_key") or None,
            since=datetime.fromisoformat(item["since"]) if item.get("since") else None,
        )

    def _overview(self, serving: Serving) -> Overview:
        reports = list(
            _readable(WindowReport, self._table.latest(serving.endpoint, WINDOWS_READ), problems := list[str]())
        )
        decisions = list(_readable(DriftDecision, self._decisions(serving.endpoint, reports), problems))
        files = self._window_files(
            [each for each in reports if each.artefact_digest == serving.artefact_digest], serving
        )
        said = files.model_copy(update={"problems": (*files.problems, *problems)})
        return overview(serving, reports, decisions, said)

    def _decisions(self, endpoint: str, reports: Iterable[WindowReport]) -> Iterator[str]:
        """Of the windows shown: a decision is named by its window's id, so nothing older is read."""
        keys = [
            MonitoringTable.key(endpoint, decision_item(report.id))
            for report in reports
            if report.status is WindowStatus.VIOLATIONS
        ][:BATCH_KEYS]
        table = self._parameters.tables.monitoring
        for item in batch_items(self._dynamodb, table, keys):
            yield str(item[DOCUMENT]["S"])

    def _window_files(self, reports: list[WindowReport], serving: Serving | None) -> WindowFiles:
        """``reports``: the newest first. ``serving``: None where the pinned baseline is not theirs."""
        found, problems = dict[str, Any](), list[str]()
        cases, measures = self._baseline(serving, problems)
        for monitor, read in ((Monitor.DATA_QUALITY, "moved"), (Monitor.ATTRIBUTION, "ranking")):
            report = next((each for each in reports if each.monitor is monitor and _was_judged(each)), None)
            if report is None:
                continue
            try:
                statistics = self._statistics(report)
                found[read] = (
                    ranking_of(statistics)
                    if monitor is Monitor.ATTRIBUTION
                    else compared_columns(statistics, report.violations, cases or report.cases)
                )
                found["moved_in" if read == "moved" else "ranked_in"] = report.window
            except (ObjectError, WindowFileError) as error:
                problems.append(f"the figures of {monitor} for {report.window.key} cannot be shown: {error}")
        return WindowFiles(baseline_measures=measures, problems=tuple(problems), **found)

    def _statistics(self, report: WindowReport) -> dict[str, Any]:
        """From where reports lie, whatever the table's item says of its place."""
        place = monitoring_places.report(self._parameters, report.endpoint, report.monitor, report.window)
        return _object(self._files.get(place / "statistics.json", str(report.finished_at)))

    def _baseline(self, serving: Serving | None, problems: list[str]) -> tuple[int | None, dict[str, float]]:
        """Cases and figures of the baseline that is pinned for what serves; nothing where there is none."""
        if serving is None or serving.baseline_digest is None or serving.run_key is None:
            return None, {}
        place = monitoring_places.baseline(self._parameters, serving.run_key)
        try:
            content = self._files.get(place / "baseline.json", serving.baseline_digest)
            if sha256_hex(content) != serving.baseline_digest:
                raise WindowFileError("baseline.json is not the one that was pinned")
            document = _object(content)
            figures = {name: found["value"] for name, found in document["measures"].items()}
            bias = self._files.get(place / f"{Monitor.BIAS}/statistics.json", serving.baseline_digest)
            if sha256_hex(bias) != document["files"].get(f"{Monitor.BIAS}/statistics.json"):
                raise WindowFileError("the baseline of the bias monitor is not the one that was pinned")
            figures |= bias_figures(_object(bias))
            return int(document["cases"]), {name: float(value) for name, value in figures.items() if value is not None}
        except (ObjectError, WindowFileError) as error:
            problems.append(f"the baseline cannot be shown: {error}")
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(f"the baseline cannot be shown: it is not as it should be ({type(error).__name__})")
        return None, {}


class _Files:
    """Small objects of S3, the last few kept by what they are of. For many threads."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self._kept: OrderedDict[tuple[S3Uri, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, uri: S3Uri, version: str) -> bytes:
        """Raises ``ObjectError`` where there is no such object, ``WindowFileError`` where it is too large."""
        key = (uri, version)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        content = self._read(uri)
        with self._lock:
            self._kept[key] = content
            while len(self._kept) > FILES_KEPT:
                self._kept.popitem(last=False)
        return content

    def _read(self, uri: S3Uri) -> bytes:
        from botocore.exceptions import ClientError

        try:
            answer = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)
        except ClientError as error:
            # Who may not list a bucket is refused where there is no object (S3 user guide, "GetObject", 403).
            if error.response["Error"]["Code"] not in {*NOT_THERE, "AccessDenied"}:
                raise
            raise ObjectError(f"there is no {uri}, or this role may not see it") from None
        if answer["ContentLength"] > LARGEST_FILE:
            raise WindowFileError(f"{uri.name} has {answer['ContentLength']:,} bytes, more than the page reads")
        content: bytes = answer["Body"].read()
        return content


def monitoring_view(parameters: StackParameters) -> MonitoringView:
    return MonitoringView(parameters, aws_client("dynamodb"), aws_client("s3"))


def _read(kind: type[Kind], document: str) -> Kind:
    """Raises ``WindowFileError``, which repeats nothing of the document."""
    try:
        return kind.model_validate_json(document)
    except ValidationError:
        raise WindowFileError(f"a {kind.__name__} in the table is of another version of Vigil, or damaged") from None


def _readable(kind: type[Kind], documents: Iterable[str], problems: list[str]) -> Iterator[Kind]:
    """Those that can be read. Of the others one sentence is told."""
    unread = 0
    for document in documents:
        try:
            yield _read(kind, document)
        except WindowFileError:
            unread += 1
    if unread:
        problems.append(f"{unread} records ({kind.__name__}) cannot be read: they are of another version, or damaged")


def _was_judged(report: WindowReport) -> bool:
    return report.status is not WindowStatus.TOO_FEW


def _object(content: bytes) -> dict[str, Any]:
    """Raises ``WindowFileError``."""
    try:
        found = json.loads(content)
    except ValueError:
        raise WindowFileError("a file is no JSON") from None
    if not isinstance(found, dict):
        raise WindowFileError("a file is no JSON object")
    return found
