"""Captured records joined with the labels that were collected for them, hour by hour, in bounded memory.

A record of ground truth names by its ``eventId`` the captured record's ``inferenceId``, or its ``eventId`` where that
has no ``inferenceId``; what is merged lies in ``merge/<endpoint>/<variant>/yyyy/mm/dd/hh`` below the output:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html. Labels wait in a SQLite file
for their records, and lines pass one by one.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from local_aws.api import Context
from local_aws.services.s3_transfer import download_file, join_uri, keys_under, split_uri, upload_file

#: A longer line is no record: captured payloads are limited to some megabytes.
LARGEST_LINE_CHARACTERS = 32 * 1024 * 1024
LABELS = "CREATE TABLE labels (id TEXT PRIMARY KEY, record TEXT NOT NULL, late INTEGER, used INTEGER DEFAULT 0)"


@dataclass
class Counts:
    """What a merge found; ``late`` labels were collected after the window's end, and are merged all the same."""

    merged: int = 0
    late: int = 0
    duplicate_labels: int = 0
    unknown_labels: int = 0
    unlabelled_records: int = 0
    unreadable_lines: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in asdict(self).items())


@dataclass(frozen=True)
class Places:
    """S3 URIs: of labels collected within the window and after it, of captured hours, and of what is merged.

    ``captured`` are folders relative to ``root``; those of the merged records are the same relative to ``target``.
    """

    labels: tuple[str, ...]
    late_labels: tuple[str, ...]
    root: str
    captured: tuple[str, ...]
    target: str
    kms_key: str | None = None


def merge(context: Context, places: Places) -> tuple[Counts, list[str]]:
    """What was found, and the folders that now hold merged records. Raises ``TransferError``.

    A repetition writes the same objects again. Of several labels of one record the last collected one counts.
    """
    counts = Counts()
    with (
        tempfile.TemporaryDirectory(prefix="monitoring-merge-") as scratch,
        closing(sqlite3.connect(Path(scratch) / "labels.sqlite3")) as labels,
    ):
        labels.execute("PRAGMA journal_mode=OFF")
        labels.execute(LABELS)
        for late, folders in ((0, places.labels), (1, places.late_labels)):
            for folder in folders:
                _read_labels(context, folder, labels, late, counts, Path(scratch))
        filled = [one for one in places.captured if _merge_folder(context, places, one, labels, counts, scratch)]
        ((counts.unknown_labels,),) = labels.execute("SELECT count(*) FROM labels WHERE used = 0")
        ((counts.late,),) = labels.execute("SELECT count(*) FROM labels WHERE used = 1 AND late = 1")
    return counts, filled


def identity(record: dict[str, Any]) -> str | None:
    """By what a captured record is found."""
    metadata = record.get("eventMetadata")
    if not isinstance(metadata, dict):
        return None
    found = metadata.get("inferenceId") or metadata.get("eventId")
    return None if found is None else str(found)


def _read_labels(
    context: Context, folder: str, labels: sqlite3.Connection, late: int, counts: Counts, scratch: Path
) -> None:
    for file in _files(context, folder, scratch):
        for record in _records(file, counts):
            metadata = record.get("eventMetadata")
            key = metadata.get("eventId") if isinstance(metadata, dict) else None
            if key is None or "groundTruthData" not in record:
                counts.unreadable_lines += 1
                continue
            if labels.execute("SELECT 1 FROM labels WHERE id = ?", (str(key),)).fetchone():
                counts.duplicate_labels += 1
            row = (str(key), json.dumps(record["groundTruthData"]), late)
            labels.execute("INSERT OR REPLACE INTO labels (id, record, late) VALUES (?, ?, ?)", row)


def _merge_folder(
    context: Context, places: Places, folder: str, labels: sqlite3.Connection, counts: Counts, scratch: str
) -> bool:
    """Whether any record of the folder has a label."""
    filled = False
    for file in _files(context, join_uri(places.root, folder), Path(scratch)):
        merged = Path(scratch) / "merged.jsonl"
        with merged.open("w", encoding="utf-8") as target:
            before = counts.merged
            _merge_file(file, target, labels, counts)
        if counts.merged > before:
            upload_file(context, merged, join_uri(places.target, folder, file.name), places.kms_key)
            filled = True
    return filled


def _merge_file(file: Path, target: TextIO, labels: sqlite3.Connection, counts: Counts) -> None:
    for record in _records(file, counts):
        key = identity(record)
        if key is None or "captureData" not in record:
            counts.unreadable_lines += 1
            continue
        row = labels.execute("UPDATE labels SET used = 1 WHERE id = ? RETURNING record", (key,)).fetchone()
        if row is None:
            counts.unlabelled_records += 1
            continue
        target.write(json.dumps({**record, "groundTruthData": json.loads(row[0])}) + "\n")
        counts.merged += 1


def _files(context: Context, folder: str, scratch: Path) -> Iterator[Path]:
    """The objects directly or further below a folder, one at a time on disk, in the order of their keys."""
    bucket, _ = split_uri(folder)
    for key in keys_under(context, folder + "/"):
        file = download_file(context, f"s3://{bucket}/{key}", scratch / "read" / key.rsplit("/", 1)[-1])
        yield file
        file.unlink()


def _records(file: Path, counts: Counts) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", errors="replace") as stream:
        while line := stream.readline(LARGEST_LINE_CHARACTERS):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if isinstance(record, dict):
                yield record
            else:
                counts.unreadable_lines += 1
