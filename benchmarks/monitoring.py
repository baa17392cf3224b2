"""The data-quality monitor beside evidently, on the same rows: rows a second, and peak memory.

    python -m benchmarks.monitoring [--rows 10000,100000,1000000] [--timeout 900] [--write]

A window of so many rows is compared with a baseline of 10,000; the rows are drawn with a seed from a curated synthetic
quarter, in Parquet files. Each way runs in a process of its own, which tells its imports, its work (reading, profiling
and comparing) and its largest resident memory. evidently is given the eleven columns it can compare; Vigil once those,
once all thirteen, terms and drugs too. ``--write`` keeps the figures (``benchmarks/results/monitoring.json``), of which
benchmarks/README.md holds the table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

RESULTS = Path(__file__).parent / "results" / "monitoring.json"
BASELINE_ROWS = 10_000
QUARTER_REPORTS = 10_000
BATCH_ROWS = 65_536
SEED = 11
KIB_IN_MIB = 2**10
NUMBERS = ["age_years", "weight_kg", "reaction_count", "drug_count", "probability", "uncertainty"]
CATEGORIES = ["sex", "reporter_country", "reporter_occupation", "sender", "band"]
WAYS = ("vigil", "vigil-eleven", "evidently")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--timeout", type=int, default=900, help="seconds that one run may take")
    parser.add_argument("--write", action="store_true", help="keep the figures")
    parser.add_argument("--work", help=argparse.SUPPRESS, nargs=3)  # in the child: WAY BASELINE WINDOW
    options = parser.parse_args()
    if options.work:
        print(json.dumps(_work(*options.work)))
        return
    sizes = [int(size) for size in options.rows.split(",")]
    with tempfile.TemporaryDirectory(prefix="vigil-benchmark-") as temporary:
        figures = _measure(Path(temporary), sizes, options.timeout)
    print(table(figures))
    if options.write:
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _measure(folder: Path, sizes: list[int], timeout: int) -> list[dict[str, Any]]:
    quarter = _quarter(folder)
    baseline = _draw(quarter, BASELINE_ROWS, 0, folder / "baseline.parquet")
    figures = []
    for rows in sizes:
        window = _draw(quarter, rows, 1, folder / f"window-{rows}.parquet")
        for way in WAYS:
            figures.append({"rows": rows, "way": way, **_run(way, baseline, window, timeout)})
            print(figures[-1], flush=True)
    return figures


def _quarter(folder: Path) -> pa.Table:
    """Curated cases of a synthetic quarter, with scores of no model: only their cost is measured."""
    from vigil.cases.quarter import Quarter
    from vigil.cases.synthetic.generate import generate
    from vigil.datasets.quarters import curate_quarter
    from vigil.monitoring.observed import observed_table

    (archive,) = generate([Quarter(2025, 3)], QUARTER_REPORTS, SEED, folder / "zip")
    curate_quarter(archive.path, folder / "quarter")
    (path,) = (folder / "quarter").rglob("cases.parquet")
    return observed_table(pq.ParquetFile(path).read())


def _draw(quarter: pa.Table, rows: int, stream: int, path: Path) -> Path:
    random = np.random.default_rng([SEED, rows, stream])
    writer = None
    for start in range(0, rows, BATCH_ROWS):
        count = min(BATCH_ROWS, rows - start)
        part = quarter.take(pa.array(random.integers(0, quarter.num_rows, count)))
        scores = {"probability": random.beta(2, 2, count), "uncertainty": random.beta(2, 30, count)}
        for name, values in scores.items():
            part = part.append_column(name, pa.array(values))
        part = part.append_column("band", pa.array(np.array(["high", "medium", "low"])[random.integers(0, 3, count)]))
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_table(part)
    if writer is not None:
        writer.close()
    return path


def _run(way: str, baseline: Path, window: Path, timeout: int) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.monitoring", "--work", way, str(baseline), str(window)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done within {timeout} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:200]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _work(way: str, baseline: str, window: str) -> dict[str, Any]:
    began = time.perf_counter()
    compare = _evidently() if way == "evidently" else _vigil(None if way == "vigil" else [*NUMBERS, *CATEGORIES])
    imported, memory = time.perf_counter() - began, _peak_kib()
    began, busy = time.perf_counter(), time.process_time()
    drifted = compare(Path(baseline), Path(window))
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    peak = _peak_kib()
    return {
        "import_seconds": round(imported, 2),
        "seconds": round(seconds, 3),
        "core_seconds": round(busy, 3),
        "peak_mib": round(peak / KIB_IN_MIB),
        "grown_mib": round((peak - memory) / KIB_IN_MIB),
        "drifted": drifted,
    }


def _peak_kib() -> int:
    """Of this program alone: ``ru_maxrss`` would count what the process that started it held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))


def _vigil(columns: list[str] | None) -> Any:
    from vigil.change_control.plan import load_plan
    from vigil.monitoring.data_quality import compare
    from vigil.monitoring.profile import Profile

    rules = load_plan(Path(__file__).parents[1] / "change_control" / "plan.yaml").protocol.monitoring.data_quality

    def profile(path: Path) -> Profile:
        # Buffered ahead, the file's whole columns are held besides what is profiled.
        file = pq.ParquetFile(path, pre_buffer=False)
        batches = file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False)
        return Profile.of(pa.Table.from_batches([batch]) for batch in batches)

    def run(baseline: Path, window: Path) -> int:
        return len({violation.feature for violation in compare(profile(baseline), profile(window), rules).violations})

    return run


def _evidently() -> Any:
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)

    def read(path: Path) -> Any:
        frame = pq.ParquetFile(path).read(columns=[*NUMBERS, *CATEGORIES], use_threads=False).to_pandas()
        return Dataset.from_pandas(frame, data_definition=definition)

    def run(baseline: Path, window: Path) -> int:
        found = Report([DataDriftPreset()]).run(read(window), read(baseline)).dict()["metrics"]
        return int(next(metric["value"]["count"] for metric in found if "DriftedColumns" in metric["config"]["type"]))

    return run


def table(figures: list[dict[str, Any]]) -> str:
    """In Markdown; for each second of a core, since what else runs on the machine does not count in it."""
    beside = {each["rows"]: each.get("core_seconds") for each in figures if each["way"] == "evidently"}
    lines = [
        "| rows | way | seconds of a core | rows for each | beside evidently | peak MiB | of that for the work |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in figures:
        told = f"| {each['rows']:,} | {each['way'].replace('-', ', ')} |"
        if "failed" in each:
            lines.append(f"{told} {each['failed']} | | | | |")
            continue
        seconds, rival = each["core_seconds"], beside.get(each["rows"])
        ratio = f"{rival / seconds:.1f} times as fast" if rival and each["way"] != "evidently" else "–"
        rate = float(f"{each['rows'] / seconds:.3g}")
        lines.append(f"{told} {seconds:.2f} | {rate:,.0f} | {ratio} | {each['peak_mib']} | {each['grown_mib']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
