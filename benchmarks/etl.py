"""Curation measured side by side: Vigil on DuckDB, plain pandas, DuckDB's SQL by hand, Vigil on local Spark.

    python -m benchmarks.etl [--reports 393130] [--quarters 1,2,4,8] [--out results.json]

Each way runs in a process of its own, so that its peak memory is its own; every process is started once on a tiny
quarter before it is measured, so that file caches and imports are alike. The quarters are synthetic, of the size and
proportions of FDA's 2025Q2. What the ways curate is compared before anything is reported.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow.compute as pc
import pyarrow.parquet as pq

WAYS = ("vigil-duckdb", "pandas", "sql", "vigil-spark")
TINY = 500
PAUSE_SECONDS = 0.1  # looking more often takes time from what is measured
GIB = 2**30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=393_130, help="reports a quarter; FDA's 2025Q2 has 393,130")
    parser.add_argument("--quarters", default="1,2,4,8", help="sizes of the histories of the second table")
    parser.add_argument("--out", type=Path, help="write the figures as JSON too")
    parser.add_argument("--work", help=argparse.SUPPRESS, nargs=3)  # in the child: WAY INPUT OUTPUT
    options = parser.parse_args()
    if options.work:
        _work(*options.work)
        return
    sizes = [int(size) for size in options.quarters.split(",")]
    with tempfile.TemporaryDirectory(prefix="vigil-benchmark-") as temporary:
        figures = _measure(Path(temporary), options.reports, sizes)
    _print(figures)
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _measure(folder: Path, reports: int, sizes: list[int]) -> dict[str, Any]:
    from vigil.cases.quarter import quarter_range
    from vigil.cases.synthetic.generate import generate

    quarters = quarter_range("2024Q1:2025Q4")[: max(sizes)]
    print(f"making {len(quarters)} quarters of {reports:,} reports ...", flush=True)
    archives = [item.path for item in generate(quarters, reports, 7, folder / "archives")]
    (tiny,) = [item.path for item in generate(quarters[:1], TINY, 7, folder / "tiny")]
    one = {}
    for way in WAYS:
        _run(way, tiny, folder / f"tiny-{way}")
        one[way] = _run(way, archives[0], folder / f"one-{way}")
        print(f"{way}: {one[way]['seconds']:.1f} s, {one[way]['peak_gib']:.2f} GiB", flush=True)
    contents = {way: _content(folder / f"one-{way}") for way in WAYS}
    assert len(set(map(str, contents.values()))) == 1, contents
    history = {}
    for size in sizes:
        listed = folder / f"list-{size}.json"
        listed.write_text(json.dumps([str(path) for path in archives[:size]]))
        history[size] = _run("history", listed, folder / f"history-{size}")
        print(f"{size} quarters: {history[size]['seconds']:.1f} s, {history[size]['peak_gib']:.2f} GiB", flush=True)
    added = None
    if len(sizes) > 1:  # the quarters of the largest history are there already: what does one more cost?
        target = folder / f"history-{max(sizes)}" / "quarters"
        newest = sorted(target.iterdir())[-1]
        for path in newest.iterdir():
            path.unlink()
        newest.rmdir()
        added = _run("history", folder / f"list-{max(sizes)}.json", folder / f"history-{max(sizes)}")
        print(f"one more beside {max(sizes) - 1}: {added['seconds']:.1f} s", flush=True)
    return {"reports": reports, "one": one, "history": history, "added": added, "content": contents["sql"]}


def _run(way: str, source: Path, target: Path) -> dict[str, float]:
    """Seconds, and the peak of all memory that the process and its children held at one time."""
    target.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.etl", "--work", way, str(source), str(target)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak, ended = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, ended))
    watcher.start()
    _, errors = process.communicate(timeout=3600)
    seconds = time.perf_counter() - started
    ended.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{way} failed: {errors[-2000:]}")
    return {"seconds": round(seconds, 2), "peak_gib": round(peak[0] / GIB, 3)}


def _watch(pid: int, peak: list[float], ended: threading.Event) -> None:
    while not ended.wait(PAUSE_SECONDS):
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            peak[0] = max(peak[0], float(sum(process.memory_info().rss for process in family)))
        except psutil.NoSuchProcess:
            continue


def _work(way: str, source: str, target: str) -> None:
    archive, folder = Path(source), Path(target)
    if way == "pandas":
        from benchmarks.etl_rivals.plain_pandas import curate

        curate(archive, folder / "cases.parquet")
    elif way == "sql":
        from benchmarks.etl_rivals.handwritten_sql import curate

        curate(archive, folder / "cases.parquet")
    elif way == "history":
        _history([Path(path) for path in json.loads(archive.read_text())], folder)
    else:
        from vigil.cases.engine_choice import local_engine
        from vigil.datasets.quarters import curate_quarter

        with local_engine(way.removeprefix("vigil-")) as engine:
            curate_quarter(archive, folder / "quarter", engine)


def _history(archives: list[Path], folder: Path) -> None:
    """A dataset of all quarters; of one quarter, its curation alone: one cannot be split."""
    import shutil

    from vigil.datasets.build import assemble_quarters, curate_archives
    from vigil.datasets.split_settings import SplitSettings

    quarters = curate_archives(archives, folder / "quarters")
    if len(quarters) > 1:
        shutil.rmtree(folder / "dataset", ignore_errors=True)
        assemble_quarters(quarters, folder / "dataset", "synthetic", SplitSettings())


def _content(folder: Path) -> dict[str, int]:
    """Figures by which the ways must agree."""
    (path,) = list(folder.rglob("cases.parquet"))
    table = pq.ParquetFile(path).read(
        columns=["case_id", "serious", "reactions", "drugs", "suspect_drugs", "indications"]
    )
    lengths = {
        name: pc.sum(pc.list_value_length(table[name])).as_py()
        for name in table.column_names
        if name not in {"case_id", "serious"}
    }
    return {"cases": table.num_rows, "serious": pc.sum(table["serious"]).as_py(), **lengths}


def _print(figures: dict[str, Any]) -> None:
    one = figures["one"]
    ours = one["vigil-duckdb"]["seconds"]
    print(f"\nOne quarter of {figures['reports']:,} reports, archive to curated rows, 2 cores")
    print(f"{'way':<14}{'seconds':>9}{'peak GiB':>10}{'beside Vigil on DuckDB':>25}")
    for way, found in one.items():
        print(f"{way:<14}{found['seconds']:>9.1f}{found['peak_gib']:>10.2f}{found['seconds'] / ours:>24.2f}x")
    print("\nVigil on DuckDB, archives to a measured dataset")
    print(f"{'quarters':<14}{'seconds':>9}{'peak GiB':>10}{'seconds a quarter':>25}")
    for size, found in figures["history"].items():
        print(f"{size:<14}{found['seconds']:>9.1f}{found['peak_gib']:>10.2f}{found['seconds'] / int(size):>25.1f}")
    if figures["added"]:
        whole = figures["history"][max(figures["history"], key=int)]["seconds"]
        added = figures["added"]["seconds"]
        print(f"{'one more':<14}{added:>9.1f}  ({added / whole:.0%} of all at once)")


if __name__ == "__main__":
    main()
