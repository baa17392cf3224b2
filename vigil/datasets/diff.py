"""What changed from one dataset version to another: rows, columns, distributions. What needs memory spills to disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq
from ibis import _
from pydantic import BaseModel, ConfigDict

from vigil.cases.engine import DuckDbEngine
from vigil.datasets.drift import ColumnDrift, compare
from vigil.datasets.models import PROFILE_FILE, DatasetProfile
from vigil.datasets.split_settings import SPLIT_FILES, TRAIN

SPLIT = "split"
SAMPLE_IDS = 10


class RowChanges(BaseModel):
    """Cases of one kind: how many, by split, and the ids of the first."""

    model_config = ConfigDict(frozen=True)

    count: int
    by_split: dict[str, int]
    first_ids: tuple[int, ...]


class DatasetDiff(BaseModel):
    """``came``, ``went`` and ``changed`` are cases; ``columns`` counts, by column, the cases in which it changed.

    ``moved`` counts cases that are in another split than before, whether anything else changed or not.
    """

    model_config = ConfigDict(frozen=True)

    came: RowChanges
    went: RowChanges
    changed: RowChanges
    same: int
    moved: int
    columns: dict[str, int]
    schema_changes: tuple[str, ...]
    distributions: dict[str, ColumnDrift]

    @property
    def is_empty(self) -> bool:
        return not (self.came.count or self.went.count or self.changed.count or self.moved or self.schema_changes)


def diff_versions(before: Path, after: Path, spill: Path) -> DatasetDiff:
    """Compare the dataset versions in two folders."""
    with DuckDbEngine(spill) as engine:
        old, new = _cases(engine, before, "old"), _cases(engine, after, "new")
        both = [name for name in new.columns if name in old.columns and new[name].type() == old[name].type()]
        both = [name for name in both if name not in {"case_id", SPLIT}]
        joined = new.join(old, "case_id", rname="before_{name}")
        differs = {name: ~joined[name].identical_to(joined[f"before_{name}"]) for name in both}
        any_differs = differs[both[0]]
        for name in both[1:]:
            any_differs = any_differs | differs[name]
        pairs = joined.select(
            "case_id", SPLIT, was=joined[f"before_{SPLIT}"], differs=any_differs, **_prefixed(differs)
        )
        pairs = engine.connection.create_table("pairs", pairs, temp=True)
        counts = _row(
            pairs.aggregate(
                same=(~pairs.differs).sum(),
                moved=(pairs[SPLIT] != pairs.was).sum(),
                **{name: pairs[f"in_{name}"].sum() for name in both},
            )
        )
        return DatasetDiff(
            came=_changes(new.anti_join(old, "case_id")),
            went=_changes(old.anti_join(new, "case_id")),
            changed=_changes(pairs.filter(pairs.differs)),
            same=counts.pop("same"),
            moved=counts.pop("moved"),
            columns={name: count for name, count in counts.items() if count},
            schema_changes=_schema_changes(before, after),
            distributions=compare(_profile(before), _profile(after)),
        )


def _cases(engine: DuckDbEngine, folder: Path, name: str) -> Any:
    parts = [
        engine.read([folder / file], f"{name}_{split}").mutate(**{SPLIT: ibis.literal(split)})
        for split, file in SPLIT_FILES.items()
    ]
    return ibis.union(*parts)


def _prefixed(differs: dict[str, Any]) -> dict[str, Any]:
    return {f"in_{name}": expression.cast("int64") for name, expression in differs.items()}


def _changes(cases: Any) -> RowChanges:
    counted = cases.group_by(SPLIT).aggregate(n=_.count()).order_by(SPLIT).to_pyarrow().to_pylist()
    by_split = {row[SPLIT]: row["n"] for row in counted}
    first = cases.select("case_id").order_by("case_id").limit(SAMPLE_IDS).to_pyarrow()["case_id"].to_pylist()
    return RowChanges(count=sum(by_split.values()), by_split=by_split, first_ids=tuple(first))


def _row(aggregate: Any) -> dict[str, int]:
    return {name: int(value or 0) for name, value in aggregate.to_pyarrow().to_pylist()[0].items()}


def _schema_changes(before: Path, after: Path) -> tuple[str, ...]:
    old, new = (pq.read_schema(folder / SPLIT_FILES[TRAIN]) for folder in (before, after))
    changes = [f"{name} is gone" for name in old.names if name not in new.names]
    changes += [f"{name} is new ({new.field(name).type})" for name in new.names if name not in old.names]
    changes += [
        f"{name} was {old.field(name).type}, is {new.field(name).type}"
        for name in new.names
        if name in old.names and old.field(name).type != new.field(name).type
    ]
    return tuple(changes)


def _profile(folder: Path) -> DatasetProfile:
    return DatasetProfile.model_validate_json((folder / PROFILE_FILE).read_bytes())
