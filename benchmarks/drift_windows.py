"""Windows of scored cases for the drift scenarios: synthetic quarters, curated by DuckDB and scored, all in process."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vigil.cases.features import featurize
from vigil.cases.intake import case_report
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
from vigil.monitoring.findings import ScoredCase
from vigil.scoring.models import CaseScore
from vigil.scoring.score import DECIMALS, band_of

TRAINED_ON = "2024Q3:2025Q2"  # the newest is held out: split `test_next`
WINDOW_QUARTER = Quarter(2025, 3)
REPORTS = 2600
#: The plan's least: contributions of every tree to every case are most of what attribution takes.
SMALL = {"members": "3", "trees": "50"}


#: Scored cases with their labels.
Cases = tuple[ScoredCase, ...]


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

    def quarter(self, seed: int, drift: str | None = None) -> Cases:
        """A quarter after the baseline's, with its drift at the size it had in FDA's files."""
        work = self._folder / f"window-{seed}-{drift}"
        drifts = [Drift(drift, SCENARIOS[drift], WINDOW_QUARTER)] if drift else []
        (archive,) = generate([WINDOW_QUARTER], REPORTS, seed, work, drifts)
        curate_quarter(archive.path, work / "curated")
        (path,) = work.rglob("cases.parquet")
        scored = _scored(pq.ParquetFile(path).read(), self.model)
        shutil.rmtree(work)
        return scored


def window(clean: Cases, drifted: Cases, cases: int, share: float, seed: int) -> Cases:
    """``cases`` of a quarter, ``share`` of them from the one with drift: so every scenario can be had smaller."""
    random = np.random.default_rng([seed, cases, round(share * 100)])
    moved = round(cases * share)
    return _some(drifted, moved, random) + _some(clean, cases - moved, random)


def _some(cases: Cases, count: int, random: np.random.Generator) -> Cases:
    return tuple(cases[place] for place in random.permutation(len(cases))[:count].tolist())


def _scored(rows: pa.Table, model: TriageModel) -> Cases:
    """As the endpoint would score them, but for the explanations, which take most of its time."""
    reports = [case_report(row) for row in rows.to_pylist()]
    probability, uncertainty = model.candidate(featurize(reports, model.space))
    found = []
    for report, p, u, serious in zip(reports, probability, uncertainty, rows["serious"].to_pylist(), strict=True):
        p, u = round(float(p), DECIMALS), round(float(u), DECIMALS)
        band = band_of(p, u, model.settings.bands)
        score = CaseScore(case_id=report.case_id, probability=p, uncertainty=u, band=band, terms=())
        found.append(ScoredCase("", report, score, serious))
    return tuple(found)
