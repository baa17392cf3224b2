"""The labels that arrived, waiting in a file for the cases they belong to: memory does not grow with their number.

A line is Model Monitor's ground truth record
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html); its ``data`` is a JSON object
of the request's case ids to yes (serious) or no, because one request holds many cases.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vigil.monitoring.captured import SourceFile, lines, parse_object, payload

_HOUR = re.compile(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})/(\d{2})/")

# ``both``: it was labelled yes and no. ``place``: 0 nobody asked yet, 1 labelled a case of the window, 2 its case was
# captured, but outside of what is counted here.
TABLE = """CREATE TABLE labels (
  inference TEXT NOT NULL, case_id TEXT NOT NULL, serious INTEGER NOT NULL, late INTEGER NOT NULL,
  both INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (inference, case_id)
) WITHOUT ROWID"""
# A second label for the same case: the last to arrive counts, and is late only if all that said the same were.
PUT = """INSERT INTO labels (inference, case_id, serious, late) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
  both = both OR serious != excluded.serious,
  late = CASE WHEN serious = excluded.serious THEN min(late, excluded.late) ELSE excluded.late END,
  serious = excluded.serious"""


class Labels:
    """The ground truth of one window, in a database of its own below ``scratch``. Used as a context."""

    def __init__(self, scratch: Path) -> None:
        self._database = sqlite3.connect(scratch / "labels.sqlite3", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-16384"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(TABLE)
        self._database.execute("BEGIN")
        self.statements = 0
        self.unreadable = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def read(self, files: Iterable[SourceFile], window_end: datetime) -> None:
        """Keep what the files say, in their order; those of an hour after the window's end are late."""
        for file in files:
            arrived = hour_of_name(file.name)
            late = arrived is not None and arrived >= window_end
            with file.path.open("rb") as stream:
                for line in lines(stream):
                    self._keep(None if line is None else parse_labels(line), late)

    def of_case(self, inference_id: str, case_id: str) -> bool | None:
        """The label of a case of the window, where one has come."""
        query = "UPDATE labels SET place = 1 WHERE inference = ? AND case_id = ? RETURNING serious"
        with closing(self._database.execute(query, (inference_id, case_id))) as rows:
            found = rows.fetchone()
        return None if found is None else bool(found[0])

    def seen_elsewhere(self, inference_id: str, case_ids: Iterable[str]) -> int:
        """These cases were captured, though they do not count here: their labels are no unknown ones. How many were."""
        query = "UPDATE labels SET place = 2 WHERE inference = ? AND case_id = ? AND place = 0"
        cases = ((inference_id, case_id) for case_id in case_ids)
        with closing(self._database.executemany(query, cases)) as changed:
            return max(changed.rowcount, 0)

    def unclaimed(self) -> int:
        """How many cases have a label, but were not seen."""
        return self._count("place = 0")

    def elsewhere(self) -> int:
        return self._count("place = 2")

    def late(self) -> int:
        """How many cases of the window had to wait for their label until after its end."""
        return self._count("place = 1 AND late")

    def contradictory(self) -> int:
        return self._count("both")

    def distinct(self) -> int:
        return self._count("1")

    def _keep(self, labels: tuple[str, dict[str, bool]] | None, late: bool) -> None:
        if labels is None:
            self.unreadable += 1
            return
        inference, by_case = labels
        self.statements += len(by_case)
        self._database.executemany(PUT, ((inference, case, serious, late) for case, serious in by_case.items()))

    def _count(self, condition: str) -> int:
        with closing(self._database.execute(f"SELECT count(*) FROM labels WHERE {condition}")) as rows:  # noqa: S608
            return int(rows.fetchone()[0])


def parse_labels(line: bytes) -> tuple[str, dict[str, bool]] | None:
    """Inference id and labels by case id of one line of ground truth, or None where it is none."""
    record = parse_object(line)
    if record is None:
        return None
    try:
        inference = record["eventMetadata"]["eventId"]
        labels = labels_of(record["groundTruthData"])
    except (KeyError, TypeError, ValueError):
        return None
    return (inference, labels) if isinstance(inference, str) and inference else None


def labels_of(ground_truth: Any) -> dict[str, bool]:
    """Labels by case id. Raises ``ValueError``, ``KeyError`` or ``TypeError`` where ``ground_truth`` holds none."""
    found = parse_object(payload(ground_truth))
    if not found or not all(isinstance(serious, bool) for serious in found.values()):
        raise ValueError("labels are yes or no by case id")
    return found


def hour_of_name(name: str) -> datetime | None:
    """The hour that the folders ``yyyy/mm/dd/hh`` in a file's name tell."""
    found = _HOUR.search(name)
    try:
        return datetime.strptime("".join(found.groups()), "%Y%m%d%H").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
