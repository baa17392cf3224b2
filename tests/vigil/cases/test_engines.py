"""Two engines, one expression: DuckDB and Spark give the same files, byte for byte.

Spark is real and local. Where Java is missing these tests fail; they never skip.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from faers_archives import Archive

from vigil.cases.engine import EngineMaker
from vigil.cases.engine_choice import local_engine
from vigil.datasets.quarter_record import CASES_FILE, QUARTER_FILES
from vigil.datasets.quarters import curate_quarter

pytestmark = pytest.mark.timeout(900)  # a busy machine stretches the start of Java to minutes

TERMS = [
    *(
        "Nausea",
        "  BACK   pain ",
        "Dandruff",
        "off  label\tuse",
        "vvv",
        "Fff f",
        "M\u00e9ni\u00e8re's disease",
        "\u00c9TAT",
    ),
    *(
        "\u00b5g",
        "\u039f\u0394\u039f\u03a3",
        "\u0130stanbul",
        "na\u00efve \u00a0 x",
        "a\\b",
        "100%",
        "\u65e5\u672c",
        "zz_9",
        "-",
    ),
    *('it is "quoted"', "isn't", "A.B", "Stra\u00dfe", "\ufb01bre", "nbsp\u00a0", "end\x85", "20230115\x85"),
]
NUMBERS = [
    "61",
    "61.5",
    "5d",
    "5f",
    "1e3",
    "1_0",
    " 7 ",
    "+7",
    "-1",
    "nan",
    "Infinity",
    "0x10",
    ".5",
    "5.",
    "007",
    "1" * 16,
]
DATES = [
    "20230131\x85",
    "20230230",
    "20230131",
    "00000101",
    "19000101",
    "18991231",
    "2023",
    "202301",
    "20231301",
    "2023-01-01",
    "",
]
CODES = [
    "\u00df",
    "\ufb01x",
    "\u00e9t",
    "f",
    " M ",
    "UNK",
    "",
    "ns",
    "us",
    "UNITED STATES",
    "eu",
    "COUNTRY NOT SPECIFIED",
    "xx yy",
]


@pytest.fixture(scope="module")
def spark() -> Iterator[EngineMaker]:
    with local_engine("spark") as maker:
        yield maker


def assert_equal(archive: Path, folder: Path, spark: EngineMaker) -> int:
    """Curate on both engines; returns the number of cases. A difference is told by row and column first."""
    curate_quarter(archive, folder / "duckdb")
    made = curate_quarter(archive, folder / "spark", spark)
    ours, theirs = (pq.read_table(folder / name / CASES_FILE).to_pylist() for name in ("duckdb", "spark"))
    assert len(ours) == len(theirs)
    for row, other in zip(ours, theirs, strict=True):
        assert row == other
    for name in QUARTER_FILES:
        assert (folder / "duckdb" / name).read_bytes() == (folder / "spark" / name).read_bytes()
    return made.cases


@pytest.mark.real_data
def test_every_column_of_all_real_cases_is_equal_row_for_row(real_data, spark, tmp_path):
    archives = sorted((real_data / "faers").glob("*.zip"))
    cases = {path.name: assert_equal(path, tmp_path / path.stem, spark) for path in archives}
    assert sum(count for name, count in cases.items() if "2023" in name) == 9_620
    assert len(cases) == 7


def test_texts_numbers_and_dates_that_engines_read_differently_by_themselves_are_equal(spark, tmp_path):
    quarter = Archive(deleted=[3])
    for number in range(60):
        quarter.report(
            number + 1,
            1 + number % 3,
            reactions=[TERMS[(number + step) % len(TERMS)] for step in range(3)],
            drugs=[(role, TERMS[number % len(TERMS)]) for role in ("PS", " c ", "SS")],
            indications=[TERMS[-1 - number % len(TERMS)]],
            outcomes=[["DE"], ["HO", " ot ", "HO"], [""], []][number % 4],
            age=NUMBERS[number % len(NUMBERS)],
            age_cod=["YR", "dy", "MON", "", "XX"][number % 5],
            wt=NUMBERS[-1 - number % len(NUMBERS)],
            wt_cod=["KG", "LBS", ""][number % 3],
            event_dt=DATES[number % len(DATES)],
            init_fda_dt=DATES[-1 - number % len(DATES)],
            sex=CODES[number % len(CODES)],
            reporter_country=CODES[-1 - number % len(CODES)],
            mfr_sndr=TERMS[number % len(TERMS)],
            lit_ref=TERMS[-1 - number % len(TERMS)],
        )
    quarter.report(1, 9, fda_dt="20230230").report(2, 9, fda_dt="20230301")
    assert assert_equal(quarter.write(tmp_path), tmp_path / "out", spark) == 59
