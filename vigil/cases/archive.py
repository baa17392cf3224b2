"""Open one quarter's archive, a zip or a folder, without trusting it.

Nothing is ever extracted: tables are read as streams, and only files that look like FDA's tables are opened.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from vigil.cases.layout import Layouts, Limits, TableLayout, Vintage, load_layouts
from vigil.cases.quarter import Quarter

# DEMO18Q1_new.txt is a real name: FDA's 2018Q1 archive carries its DEMO table under it.
TABLE_FILE = re.compile(r"(DEMO|DRUG|REAC|OUTC|RPSR|THER|INDI)(\d{2})Q([1-4])\w*\.txt", re.IGNORECASE)
# DELETE22Q4.txt in what was seen; other tools know names such as ADR19Q1DeletedCases.txt.
DELETED_FILE = re.compile(r"(?=\w*DELETE)\D*(\d{2})Q([1-4])\w*\.txt", re.IGNORECASE)
ARCHIVE_NAME = re.compile(r"f?aers.*?(\d{4})q([1-4])", re.IGNORECASE)
DELETED = "DELETED"
CENTURY = 2000  # the first archive is 2004Q1, and names carry two digits


class ArchiveError(Exception):
    """An archive cannot be used; the message names the archive, the file where there is one, and what to do."""


class _Source(Protocol):
    def files(self) -> list[tuple[str, int]]:
        """Names (``/``-separated, relative) and sizes in bytes."""
        ...

    def open(self, name: str) -> IO[bytes]: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def files(self) -> list[tuple[str, int]]:
        found = sorted(path for path in self.root.rglob("*") if path.is_file())
        outside = [path for path in found if not path.resolve().is_relative_to(self.root)]
        if outside:
            name = outside[0].relative_to(self.root)
            raise ArchiveError(f"{self.root.name}: {name} is a link that leaves the folder: remove it")
        return [(path.relative_to(self.root).as_posix(), path.stat().st_size) for path in found]

    def open(self, name: str) -> IO[bytes]:
        return (self.root / name).open("rb")


class _Zip:
    def __init__(self, file: zipfile.ZipFile, limits: Limits, name: str) -> None:
        self.file, self.limits, self.name = file, limits, name

    def files(self) -> list[tuple[str, int]]:
        entries = [entry for entry in self.file.infolist() if not entry.is_dir()]
        for entry in entries:
            self._check(entry)
        return [(entry.filename, entry.file_size) for entry in entries]

    def _check(self, entry: zipfile.ZipInfo) -> None:
        path = PurePosixPath(entry.orig_filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.orig_filename or ":" in path.as_posix():
            raise ArchiveError(
                f"{self.name}: the entry {entry.orig_filename!r} points outside the archive: "
                "do not use this file, fetch the quarter from FDA again"
            )
        if entry.flag_bits & 0x1:
            raise ArchiveError(f"{self.name}: {entry.filename} is encrypted: fetch the quarter from FDA again")
        large = entry.file_size > self.limits.ratio_judged_above_bytes
        if large and entry.file_size > self.limits.max_packing_ratio * max(entry.compress_size, 1):
            raise ArchiveError(
                f"{self.name}: {entry.filename} unpacks to {entry.file_size:,} bytes from {entry.compress_size:,}, "
                f"more than {self.limits.max_packing_ratio} times: a zip bomb, do not use this file"
            )

    def open(self, name: str) -> IO[bytes]:
        return self.file.open(name)


@dataclass(frozen=True)
class QuarterArchive:
    """One opened archive. ``files`` maps a table to its name in the archive."""

    name: str
    quarter: Quarter
    vintage: Vintage
    limits: Limits
    files: dict[str, str]
    deleted_file: str | None
    source: _Source

    def layout(self, table: str) -> TableLayout:
        return self.vintage.tables[table]

    @contextmanager
    def open(self, file: str) -> Iterator[IO[bytes]]:
        """A stream over one file. Damage met while reading it is an ``ArchiveError``."""
        try:
            with self.source.open(file) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise ArchiveError(
                f"{self.name}: {file} is truncated or damaged ({error}): fetch the quarter from FDA again"
            ) from error


@contextmanager
def open_archive(path: Path) -> Iterator[QuarterArchive]:
    """Open a zip or a folder and check everything that can be checked without reading a table.

    Raises ``ArchiveError``: not a zip, entries that leave the archive or exceed a limit, no DEMO table, a table
    missing or twice, files of several quarters, a quarter before FDA's first.
    """
    layouts = load_layouts()
    if path.is_dir():
        yield _identify(path.name, _Folder(path), layouts)
        return
    try:
        file = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise ArchiveError(f"{path} does not exist: name a FAERS archive (zip) or its unpacked folder") from error
    except (zipfile.BadZipFile, OSError) as error:
        raise ArchiveError(
            f"{path.name} is not a complete zip file ({error}): it is truncated or damaged, fetch the quarter again"
        ) from error
    with file:
        yield _identify(path.name, _Zip(file, layouts.limits, path.name), layouts)


@contextmanager
def open_stream(stream: IO[bytes], name: str) -> Iterator[QuarterArchive]:
    """As ``open_archive``, for a zip that is no local file: ``stream`` can seek, ``name`` is the file's name."""
    layouts = load_layouts()
    try:
        file = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError) as error:
        raise ArchiveError(f"{name} is not a complete zip file ({error}): land the quarter again") from error
    with file:
        yield _identify(name, _Zip(file, layouts.limits, name), layouts)


def _identify(name: str, source: _Source, layouts: Layouts) -> QuarterArchive:
    entries = source.files()
    _check_sizes(name, entries, layouts.limits)
    tables: dict[str, str] = {}
    deleted: str | None = None
    quarters: dict[Quarter, str] = {}
    for entry, _ in entries:
        file_name = PurePosixPath(entry).name
        if match := TABLE_FILE.fullmatch(file_name):
            table = match[1].upper()
            if table in tables:
                raise ArchiveError(f"{name}: two files for {table}, {tables[table]} and {entry}: remove one")
            tables[table] = entry
            quarters.setdefault(Quarter(CENTURY + int(match[2]), int(match[3])), entry)
        elif match := DELETED_FILE.fullmatch(file_name):
            if deleted is not None:
                raise ArchiveError(f"{name}: two lists of deleted cases, {deleted} and {entry}: remove one")
            deleted = entry
            quarters.setdefault(Quarter(CENTURY + int(match[1]), int(match[2])), entry)
    if "DEMO" not in tables:
        raise ArchiveError(
            f"{name}: no DEMO table (a file such as ASCII/DEMO23Q1.txt), without which a quarter has no cases: "
            "is this a FAERS ASCII archive?"
        )
    quarter = _one_quarter(name, quarters)
    vintage = _vintage_of(name, quarter, layouts)
    missing = [table for table in vintage.tables if table not in tables]
    if missing:
        raise ArchiveError(f"{name}: no file for {', '.join(missing)}: fetch the whole quarter from FDA again")
    return QuarterArchive(name, quarter, vintage, layouts.limits, tables, deleted, source)


def _check_sizes(name: str, entries: list[tuple[str, int]], limits: Limits) -> None:
    if len(entries) > limits.max_files:
        raise ArchiveError(f"{name}: {len(entries):,} files, more than {limits.max_files}: not a FAERS quarter")
    for entry, size in entries:
        if size > limits.max_file_bytes:
            raise ArchiveError(
                f"{name}: {entry} unpacks to {size:,} bytes, more than {limits.max_file_bytes:,}: not a FAERS quarter"
            )
    total = sum(size for _, size in entries)
    if total > limits.max_total_bytes:
        raise ArchiveError(
            f"{name} unpacks to {total:,} bytes, more than {limits.max_total_bytes:,}: not a FAERS quarter"
        )


def _one_quarter(name: str, quarters: dict[Quarter, str]) -> Quarter:
    named = ARCHIVE_NAME.search(name)
    if named:
        quarters = {**quarters}
        quarters.setdefault(Quarter(int(named[1]), int(named[2])), "the archive's own name")
    if len(quarters) > 1:
        found = ", ".join(f"{quarter} ({where})" for quarter, where in sorted(quarters.items()))
        raise ArchiveError(f"{name}: files of several quarters: {found}: one archive holds one quarter")
    return next(iter(quarters))


def _vintage_of(name: str, quarter: Quarter, layouts: Layouts) -> Vintage:
    vintage = layouts.of(quarter)
    if vintage is None:
        raise ArchiveError(f"{name}: {quarter} is before FDA's first archive, {layouts.vintages[0].first}")
    return vintage
