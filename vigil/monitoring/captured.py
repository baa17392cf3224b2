"""What data capture wrote, read back as scored cases: strict, line by line, in memory that does not grow.

Format: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html; payloads are base64,
or, where the capture's header list names their type, JSON text (API_CaptureContentTypeHeader). What cannot be read or
does not count is counted by reason, and nothing here ever repeats a line's content.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from pydantic import ValidationError

from vigil.cases.models import CaseReport
from vigil.monitoring.models import Window
from vigil.scoring.models import CaseScore, ScoreRequest, ScoreResponse

#: A payload is limited to 6 MiB by the endpoint, and base64 makes a third more of each.
LARGEST_LINE_BYTES = 32 * 2**20
#: How SageMaker marks a shadow variant's answers, which nobody got.
SHADOW_SOURCE = "ShadowExperiment"
ENCODINGS = ("BASE64", "JSON")


@dataclass(frozen=True)
class SourceFile:
    """``name``: below its prefix, with the hour's folders in it; ``path`` holds it until the next one is asked for."""

    name: str
    path: Path


@dataclass(frozen=True)
class Answered:
    """One captured request with its answer. ``record`` is the line itself, for what is merged."""

    inference_id: str
    moment: datetime
    shadow: bool
    model_digest: str
    cases: tuple[CaseReport, ...]
    scores: tuple[CaseScore, ...]
    record: dict[str, Any] = field(repr=False)


@dataclass
class CaptureCounts:
    """What became of the captured lines; ``cases`` are those of the ``used`` ones.

    ``other_model``: answers of a model that is not the one in question; ``shadow``: answers that nobody got.
    """

    used: int = 0
    cases: int = 0
    unreadable: int = 0
    other_model: int = 0
    shadow: int = 0
    outside_window: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)

    def left_out(self) -> str:
        """For people: what does not count, empty where everything does."""
        reasons = {
            "unreadable": self.unreadable,
            "of another model": self.other_model,
            "of a shadow": self.shadow,
            "outside the window": self.outside_window,
        }
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
        return f"captured records left out: {told}" if told else ""


class Selection:
    """Which answers count: those that ``model_digest`` gave to callers within ``window``."""

    def __init__(self, model_digest: str, window: Window) -> None:
        self._model_digest = model_digest
        self._window = window
        self.counts = CaptureCounts()

    def again(self) -> Selection:
        """The same choice, with counts of its own."""
        return Selection(self._model_digest, self._window)

    def takes(self, answered: Answered) -> bool:
        """Whether it counts; if not, the reason is counted."""
        if answered.shadow:
            self.counts.shadow += 1
        elif not self._window.start <= answered.moment < self._window.end:
            self.counts.outside_window += 1
        elif answered.model_digest != self._model_digest:
            self.counts.other_model += 1
        else:
            self.counts.used += 1
            self.counts.cases += len(answered.cases)
            return True
        return False


def read_captured(files: Iterable[SourceFile], counts: CaptureCounts) -> Iterator[Answered]:
    """Every readable record, in the files' order; unreadable lines are counted in ``counts``."""
    for file in files:
        with file.path.open("rb") as stream:
            for line in lines(stream):
                answered = None if line is None else parse_answered(line)
                if answered is None:
                    counts.unreadable += 1
                else:
                    yield answered


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines that are not blank; None for one that is too long, whose rest is passed over."""
    while line := stream.readline(LARGEST_LINE_BYTES):
        if len(line) == LARGEST_LINE_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(LARGEST_LINE_BYTES)
            yield None
        elif line.strip():
            yield line


def parse_answered(line: bytes) -> Answered | None:
    """One line of capture, or None where it is no readable record of a request and its answer."""
    record = parse_object(line)
    if record is None:
        return None
    try:
        metadata, data = record["eventMetadata"], record["captureData"]
        request = ScoreRequest.model_validate_json(payload(data["endpointInput"]), strict=True)
        response = ScoreResponse.model_validate_json(payload(data["endpointOutput"]), strict=True)
        answered = Answered(
            inference_id=_text(metadata.get("inferenceId") or metadata["eventId"]),
            moment=_moment(metadata["inferenceTime"]),
            shadow=metadata.get("invocationSource") == SHADOW_SOURCE,
            model_digest=response.model_digest,
            cases=request.cases,
            scores=response.results,
            record=record,
        )
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError):
        return None
    pairs = zip(answered.cases, answered.scores, strict=False)
    aligned = len(answered.cases) == len(answered.scores) and all(
        case.case_id == score.case_id for case, score in pairs
    )
    probable = all(0 <= score.probability <= 1 for score in answered.scores)
    return answered if aligned and probable and answered.cases else None


def parse_object(text: bytes) -> dict[str, Any] | None:
    """A JSON object, or None. NaN and infinity are no JSON; deep nesting and a name told twice are no record."""
    try:
        found = json.loads(text, parse_constant=_refuse, object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def payload(side: Any) -> bytes:
    """The bytes of ``{"data": …, "encoding": …}``. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
    data, encoding = side["data"], side["encoding"]
    if not isinstance(data, str) or encoding not in ENCODINGS:
        raise ValueError("no payload that can be read")
    if encoding == "JSON":
        return data.encode()
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its offset")
    return moment


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no identity")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is told twice")
    return found


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("not a JSON number")
