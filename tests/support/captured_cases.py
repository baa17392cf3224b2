"""Lines as data capture and senders of ground truth write them, and a place for a job's files without AWS."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vigil.cases.models import CaseReport
from vigil.monitoring.captured import SourceFile
from vigil.monitoring.labels import hour_of_name
from vigil.monitoring.models import Window, WindowReport
from vigil.scoring.models import CaseScore, ScoreRequest, ScoreResponse

DIGEST, OTHER_DIGEST = "a" * 64, "b" * 64
START = datetime(2026, 11, 26, 5, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(hours=2))
ENDPOINT = "vigil-unit-triage"


def report(case_id: str, **fields: Any) -> CaseReport:
    return CaseReport(case_id=case_id, reactions=("nausea",), **fields)


def score(case_id: str, probability: float = 0.5) -> CaseScore:
    return CaseScore(case_id=case_id, probability=probability, uncertainty=0.01, band="medium", terms=())


def capture_line(
    reports: Sequence[CaseReport],
    scores: Sequence[CaseScore] | None = None,
    *,
    inference_id: str | None = "request-1",
    moment: datetime = START,
    digest: str = DIGEST,
    shadow: bool = False,
    encoding: str = "BASE64",
) -> str:
    """One request with its answer; without ``inference_id`` the event's own id names it: ``event-1``."""
    found = [score(one.case_id) for one in reports] if scores is None else scores
    request = ScoreRequest(cases=tuple(reports)).model_dump_json()
    response = ScoreResponse(model_digest=digest, results=tuple(found)).model_dump_json()
    metadata: dict[str, Any] = {"eventId": "event-1", "inferenceTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    if inference_id:
        metadata["inferenceId"] = inference_id
    if shadow:
        metadata["invocationSource"] = "ShadowExperiment"
    sides = {"endpointInput": _side(request, "INPUT", encoding), "endpointOutput": _side(response, "OUTPUT", encoding)}
    return json.dumps({"captureData": sides, "eventMetadata": metadata, "eventVersion": "0"})


def label_line(inference_id: str, labels: dict[str, bool]) -> str:
    data = {"data": json.dumps(labels), "encoding": "JSON"}
    return json.dumps({"groundTruthData": data, "eventMetadata": {"eventId": inference_id}, "eventVersion": "0"})


def hour_file(folder: Path, moment: datetime, lines: Iterable[str], name: str = "part-0") -> SourceFile:
    """A file in the folder of its hour."""
    path = folder / f"{moment:%Y/%m/%d/%H}" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return SourceFile(path.relative_to(folder).as_posix(), path)


def _side(payload: str, mode: str, encoding: str) -> dict[str, str]:
    data = payload if encoding == "JSON" else base64.b64encode(payload.encode()).decode("ascii")
    return {"observedContentType": "application/json", "mode": mode, "data": data, "encoding": encoding}


class FolderOutside:
    """``s3://bucket/key`` is the file ``<root>/bucket/key``; what is told is kept. ``refuse``: a step that fails."""

    def __init__(self, root: Path, moment: datetime = WINDOW.end + timedelta(hours=3)) -> None:
        self.root = root
        self.moment = moment
        self.delivered: list[str] = []
        self.metrics: list[dict[str, Any]] = []
        self.events: list[WindowReport] = []
        self.refuse = ""

    def path(self, uri: str) -> Path:
        return self.root / uri.removeprefix("s3://")

    def fetch(self, uri: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path(uri), path)

    def hours(self, uri: str, start: datetime, end: datetime) -> Iterator[SourceFile]:
        folder = self.path(uri)
        for path in sorted(folder.rglob("*.jsonl")):
            name = path.relative_to(folder).as_posix()
            hour = hour_of_name(name)
            if hour is not None and start.replace(minute=0, second=0) <= hour < end:
                yield SourceFile(name, path)

    def deliver(self, folder: Path, names: Iterable[str], uri: str) -> None:
        self._refused("deliver")
        for name in names:
            self.path(uri).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, self.path(uri) / name)
            self.delivered.append(f"{uri}{name}")

    def put_metrics(self, lines: list[dict[str, Any]]) -> None:
        self._refused("put_metrics")
        self.metrics += lines

    def announce(self, found: WindowReport) -> None:
        self._refused("announce")
        self.events.append(found)

    def now(self) -> datetime:
        return self.moment

    def _refused(self, step: str) -> None:
        if self.refuse == step:
            raise ConnectionError(f"{step} was refused")
