"""Windows of scored cases for the drift scenarios: synthetic quarters, curated by DuckDB and scored, all in process."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vigil.cases.features import featurize
from vigil.cases.intake import case_report
from vigil.cases.models import CaseReport
from vigil.cases.quarter import Quarter, quarter_range
from vigil.cases.synthetic.drift import SCENARIOS, Drift
from vigil.cases.synthetic.generate import generate
from vigil.change_control.models import Plan
from vigil.datasets.build import assemble_quarters, curate_archives
from vigil.datasets.quarters import curate_quarter
from vigil.datasets.split_settings import SPLIT_FILES, TEST_NEXT, SplitSettings
from vigil.models.artefact import TriageModel
from vigil.models.hyperparameters import parse_hyperparameters
from vigil.models.train import train
from vigil.monitoring.observed import OBSERVED, observed_table
from vigil.scoring.score import band_of

TRAINED_ON, BASELINE_QUARTER = "2024Q1:2025Q2", "2025Q2"  # the newest is held out: split `test_next`
WINDOW_QUARTER = Quarter(2025, 3)
REPORTS = 2600
SMALL = {"members": "3", "trees": "150"}


@dataclass(frozen=True)
class Scored:
    """Scored cases, row by row: reports, probabilities, labels, and the table that the data-quality monitor sees."""

    reports: tuple[CaseReport, ...]
    probability: NDArray[np.float64]
    serious: NDArray[np.bool_]
    table: pa.Table

    def take(self, rows: NDArray[np.int64]) -> Scored:
        return Scored(
            tuple(self.reports[row] for row in rows.tolist()),
            self.probability[rows],
            self.serious[rows],
            self.table.take(pa.array(rows)),
        )

    def __len__(self) -> int:
        return len(self.reports)


def joined(first: Scored, second: Scored) -> Scored:
    return Scored(
        first.reports + second.reports,
        np.concatenate([first.probability, second.probability]),
        np.concatenate([first.serious, second.serious]),
        pa.concat_tables([first.table, second.table]),
    )


class World:
    """A model trained on synthetic quarters, its baseline population, and quarters to take windows from."""

    def __init__(self, folder: Path, plan: Plan, seed: int, training_reports: int = REPORTS) -> None:
        self._folder, self._plan = folder, plan
        archives = [item.path for item in generate(quarter_range(TRAINED_ON), training_reports, seed, folder / "zip")]
        dataset = folder / "dataset"
        assemble_quarters(curate_archives(archives, folder / "quarters"), dataset, "synthetic", SplitSettings())
        hyperparameters = parse_hyperparameters(SMALL, plan.hyperparameters)
        self.model = train(dataset, plan, hyperparameters, "0" * 64, lambda _text: None)
        self.baseline = _scored(pq.ParquetFile(dataset / SPLIT_FILES[TEST_NEXT]).read(), self.model)

    def quarter(self, seed: int, drift: str | None = None) -> Scored:
        """A quarter after the baseline's, with its drift at the size it had in FDA's files."""
        work = self._folder / f"window-{seed}-{drift}"
        drifts = [Drift(drift, SCENARIOS[drift], WINDOW_QUARTER)] if drift else []
        (archive,) = generate([WINDOW_QUARTER], REPORTS, seed, work, drifts)
        curate_quarter(archive.path, work / "curated")
        (path,) = work.rglob("cases.parquet")
        scored = _scored(pq.ParquetFile(path).read(), self.model)
        shutil.rmtree(work)
        return scored


def window(clean: Scored, drifted: Scored, cases: int, share: float, seed: int) -> Scored:
    """``cases`` of a quarter, ``share`` of them from the one with drift: so every scenario can be had smaller."""
    random = np.random.default_rng([seed, cases, round(share * 100)])
    moved = round(cases * share)
    rows = [random.permutation(len(side))[:count] for side, count in ((drifted, moved), (clean, cases - moved))]
    return joined(drifted.take(rows[0]), clean.take(rows[1]))


def _scored(rows: pa.Table, model: TriageModel) -> Scored:
    """As the endpoint would score them, but for the explanations, which take most of its time."""
    reports = tuple(case_report(row) for row in rows.to_pylist())
    probability, uncertainty = model.candidate(featurize(reports, model.space))
    bands = model.settings.bands
    columns: dict[str, Sequence[Any]] = {
        "probability": probability,
        "uncertainty": uncertainty,
        "band": [band_of(float(p), float(u), bands) for p, u in zip(probability, uncertainty, strict=True)],
    }
    table = observed_table(rows)
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values, OBSERVED.field(name).type))
    return Scored(reports, probability, np.asarray(rows["serious"].to_numpy()), table)
