"""From curated quarters to current cases: over all quarters, which quarter holds the version of a case to keep.

Only the key columns of the quarters are read, so a new quarter costs little beside its own curation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from vigil.cases.curation import newest_of_each_case
from vigil.cases.engine import Engine
from vigil.datasets.quarter_record import CASES_FILE, DELETED_FILE

KEYS = ("case_id", "received_date", "primary_id", "quarter", "source_line")


def current_cases(quarters: Mapping[str, Path], engine: Engine) -> dict[str, pa.Int64Array]:
    """For each quarter the ids of the cases whose newest version it lists, sorted.

    ``quarters`` maps a quarter to the folder of its curated files. A case that any quarter's list withdraws is in none.
    """
    versions = engine.read([folder / CASES_FILE for folder in quarters.values()], "versions").select(*KEYS)
    deleted = engine.read([folder / DELETED_FILE for folder in quarters.values()], "deleted")
    kept: Any = newest_of_each_case(versions).anti_join(deleted, "case_id").select("quarter", "case_id")
    ordered = kept.order_by([ibis.asc("quarter"), ibis.asc("case_id")])
    found: dict[str, list[pa.Array]] = {quarter: [] for quarter in quarters}
    for batch in engine.batches(ordered):
        names = batch["quarter"].dictionary_encode()
        for position, quarter in enumerate(names.dictionary.to_pylist()):
            found[quarter].append(batch["case_id"].filter(pc.equal(names.indices, position)))
    return {quarter: pa.concat_arrays([pa.array([], pa.int64()), *ids]) for quarter, ids in found.items()}
