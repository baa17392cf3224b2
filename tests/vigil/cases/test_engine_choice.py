"""The engine that a person names: it starts, it ends, and one that does not exist is refused."""

from __future__ import annotations

import pytest
from faers_archives import Archive

from vigil.cases.engine_choice import EngineError, local_engine
from vigil.datasets.quarters import curate_quarter


@pytest.mark.timeout(900)  # two starts of Java, which a busy machine stretches to minutes
def test_sparks_java_ends_with_the_engine_and_can_start_again(tmp_path):
    from pyspark import SparkContext

    for attempt in ("first", "second"):
        with local_engine("spark") as maker:
            java = SparkContext._gateway.proc
            made = curate_quarter(Archive().report(1).write(tmp_path), tmp_path / attempt, maker)
            assert made.cases == 1
        assert java.poll() is not None


def test_an_engine_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(EngineError, match="'polars': choose one of duckdb, spark"), local_engine("polars"):
        pass
