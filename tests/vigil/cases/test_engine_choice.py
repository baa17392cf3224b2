"""The engine that a person names: it starts, it ends, and one that does not exist is refused."""

from __future__ import annotations

import pytest
from faers_archives import Archive

from vigil.cases.engine_choice import EngineError, local_engine
from vigil.datasets.quarters import curate_quarter


@pytest.mark.timeout(900)  # two starts of Java, which a busy machine stretches to minutes
def test_sparks_java_ends_with_the_engine_and_can_start_again(tmp_path):
    from pyspark import SparkContext

    with local_engine("spark"):  # the work is left to the second start, which needs it more: it takes Spark 15 seconds
        first = SparkContext._gateway.proc
        assert first.poll() is None
    assert first.poll() is not None
    with local_engine("spark") as maker:
        second = SparkContext._gateway.proc
        made = curate_quarter(Archive().report(1).write(tmp_path), tmp_path / "curated", maker)
        assert made.cases == 1
    assert second.poll() is not None


def test_an_engine_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(EngineError, match="'polars': choose one of duckdb, spark"), local_engine("polars"):
        pass
