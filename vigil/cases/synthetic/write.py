"""Write tables as FDA does: ``$`` between fields, no quoting, in the layout of the quarter's vintage, as one zip."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
from pyarrow import csv

from vigil.cases.layout import Vintage
from vigil.cases.quarter import Quarter
from vigil.cases.synthetic.columns import blank

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # zip's own zero
COMPRESSION_LEVEL = 3  # a full quarter is 0.4 GB: speed counts more than a tenth of the size
BATCH_ROWS = 100_000
# As FDA's own archive names it: what looks for the usual name loses the quarter's reports.
ODD_NAMES = {("DEMO", Quarter(2018, 1)): "DEMO18Q1_new.txt"}


def write_archive(
    path: Path, quarter: Quarter, vintage: Vintage, tables: Mapping[str, pa.Table], deleted: Sequence[int]
) -> None:
    """The same tables give the same bytes. ``tables`` have the current layout's columns."""
    unfinished = path.with_name(f".{path.name}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as archive:
        for name in vintage.tables:
            file = ODD_NAMES.get((name, quarter), f"{name}{quarter.short}.txt")
            with archive.open(_entry(f"ASCII/{file}"), "w", force_zip64=True) as stream:
                _write_table(stream, tables[name], vintage, name)
        if not vintage.trailing_blank and vintage.last is None:  # older archives have no such list
            lines = "\n".join([" ", *map(str, deleted), ""])
            archive.writestr(_entry(f"Deleted/DELETE{quarter.short}.txt"), lines)
    unfinished.rename(path)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, ZIP_TIME)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _write_table(stream: IO[bytes], table: pa.Table, vintage: Vintage, name: str) -> None:
    columns = vintage.tables[name].columns
    stream.write("$".join(_spelled(vintage, name, column) for column in columns).encode() + b"\n")
    fields = {column: table[column] if column in table.column_names else blank(table.num_rows) for column in columns}
    if vintage.trailing_blank:
        fields["(trailing)"] = blank(table.num_rows)
    options = csv.WriteOptions(include_header=False, delimiter="$", quoting_style="none", batch_size=BATCH_ROWS)
    rows = pa.table(fields)
    with csv.CSVWriter(pa.PythonFile(stream, mode="w"), rows.schema, write_options=options) as writer:
        writer.write_table(rows, max_chunksize=BATCH_ROWS)


def _spelled(vintage: Vintage, table: str, column: str) -> str:
    """What the vintage's own header calls a column of the current layout."""
    renamed = {**vintage.renamed, **vintage.tables[table].renamed}
    name = next((own for own, current in renamed.items() if current == column), column)
    return name.upper() if vintage.trailing_blank else name
