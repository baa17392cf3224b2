"""A table of an archive, parsed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vigil.cases.archive import open_archive
from vigil.cases.parse import Reject, parse_table


def parse(path: Path, table: str = "REAC") -> tuple[list[dict[str, Any]], list[Reject], int]:
    """Its rows, its rejects and how many lines it has."""
    with open_archive(path) as archive:
        blocks = list(parse_table(archive, table))
    rows = [row for block in blocks for row in block.rows.to_pylist()]
    return rows, [reject for block in blocks for reject in block.rejects], sum(block.lines for block in blocks)
