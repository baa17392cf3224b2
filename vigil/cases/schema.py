"""The curated table's schema, from ``curated_table.yaml``: one source for Parquet, Data Catalog and documents."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import pyarrow as pa
import yaml
from pydantic import BaseModel, ConfigDict

ColumnType = Literal["int64", "int32", "float64", "string", "list<string>", "bool"]

_ARROW_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "list<string>": pa.list_(pa.string()),
    "bool": pa.bool_(),
}


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Partition(_Data):
    """A column that the folders' names hold, not the files."""

    name: str
    type: ColumnType
    about: str


class Column(_Data):
    """One column. ``source`` is FDA's table and column; ``required`` means that no row may lack it."""

    name: str
    type: ColumnType
    source: str
    about: str
    unit: str | None = None
    required: bool = False

    @property
    def is_list(self) -> bool:
        return self.type.startswith("list<")


class CuratedTable(_Data):
    """The table as data catalogues describe it."""

    name: str
    schema_version: int
    owner: str
    about: str
    source: str
    partitions: tuple[Partition, ...]
    columns: tuple[Column, ...]


@cache
def load_curated_table() -> CuratedTable:
    text = resources.files("vigil.cases").joinpath("curated_table.yaml").read_text(encoding="utf-8")
    return CuratedTable.model_validate(yaml.safe_load(text))


SCHEMA_VERSION = load_curated_table().schema_version
CURATED_SCHEMA = pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in load_curated_table().columns])
