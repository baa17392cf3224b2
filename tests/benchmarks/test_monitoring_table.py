from __future__ import annotations

import json
from pathlib import Path

from benchmarks.monitoring import RESULTS, WAYS, table


def test_the_readmes_table_is_what_the_kept_figures_say(repository: Path) -> None:
    """All of it from one run, with a figure in every cell."""
    figures = json.loads(RESULTS.read_bytes())
    assert table(figures) in (repository / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert [each["way"] for each in figures] == [way for _ in {each["rows"] for each in figures} for way in WAYS]
    assert not [each for each in figures if "failed" in each]


def test_a_way_that_failed_is_told_and_nothing_is_set_beside_it() -> None:
    done = {"core_seconds": 0.5, "peak_mib": 200, "grown_mib": 50}
    told = table([{"rows": 1000, "way": "vigil-eleven", **done}, {"rows": 1000, "way": "evidently", "failed": "late"}])
    assert told.splitlines()[2:] == [
        "| 1,000 | vigil, eleven | 0.50 | 2,000 | – | 200 | 50 |",
        "| 1,000 | evidently | late | | | | |",
    ]
