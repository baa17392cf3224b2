"""The baseline job: what the model that is about to serve makes of the newest quarter it was not trained on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vigil.cases.features import featurize
from vigil.cases.models import CaseReport
from vigil.change_control.models import Plan
from vigil.change_control.plan import load_plan
from vigil.datasets import manifest
from vigil.digests import file_digest, tree_digest
from vigil.models.artefact import TriageModel, extract_model, load_model
from vigil.models.curated import CuratedSplit
from vigil.models.jobs import JobInputError
from vigil.models.train import Progress
from vigil.monitoring.baseline import BASELINE_FILE, CONSTRAINTS, STATISTICS, Baseline
from vigil.monitoring.findings import ScoredCase
from vigil.monitoring.model_quality_files import measures_of
from vigil.monitoring.models import Monitor
from vigil.monitoring.monitors import make_monitor
from vigil.monitoring.report import write_document
from vigil.scoring.models import CaseScore
from vigil.scoring.score import DECIMALS, band_of

SPLIT = "test_next"
BATCH_CASES = 2_000
OUTPUT = "processing/output"
MESSAGE_FILE = "output/message"


@dataclass(frozen=True)
class _Inputs:
    plan: Plan
    model: TriageModel
    artefact_digest: str
    dataset: Path
    version: str


class Population:
    """The split's cases as the model answers them; scored once, read as often as needed. Iterating gives the cases."""

    def __init__(self, model: TriageModel, split: CuratedSplit) -> None:
        self._model = model
        self._split = split
        self._labels = split.labels()
        self._scores = self._score()

    def __iter__(self) -> Iterator[ScoredCase]:
        limits = self._model.settings.bands
        for report, (probability, uncertainty), serious in zip(self._split, self._scores, self._labels, strict=True):
            score = CaseScore(
                case_id=report.case_id,
                probability=round(float(probability), DECIMALS),
                uncertainty=round(float(uncertainty), DECIMALS),
                band=band_of(float(probability), float(uncertainty), limits),
                terms=(),
            )
            yield ScoredCase("", report, score, bool(serious))

    def __len__(self) -> int:
        return len(self._labels)

    def _score(self) -> NDArray[np.float64]:
        """Probability and uncertainty of each case, shape (cases, 2)."""
        reports: Iterator[CaseReport] = iter(self._split)
        parts = [np.zeros((0, 2))]
        while batch := list(islice(reports, BATCH_CASES)):
            parts.append(np.stack(self._model.candidate(featurize(batch, self._model.space)), axis=1))
        return np.concatenate(parts)


def run_baseline(root: Path, progress: Progress) -> Baseline:
    """Write ``baseline.json`` and every monitor's files into ``root/processing/output``.

    Reads ``processing/input/{plan/plan.json,dataset/,model/model.tar.gz}``. The model, the dataset and the plan must be
    those the model was trained with. Raises ``JobInputError`` otherwise.
    """
    with tempfile.TemporaryDirectory() as scratch:
        inputs = _inputs(root / "processing/input", Path(scratch) / "model")
    population = Population(inputs.model, CuratedSplit(inputs.dataset, SPLIT))
    progress(f"model {inputs.artefact_digest[:12]}, {len(population)} cases of {SPLIT}")
    baseline = _write(root / OUTPUT, inputs, population, progress)
    message = root / MESSAGE_FILE
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(f"baseline {baseline.digest}", encoding="utf-8")
    progress(f"baseline {baseline.digest}")
    return baseline


def _write(folder: Path, inputs: _Inputs, population: Population, progress: Progress) -> Baseline:
    protocol = inputs.plan.protocol
    measures, files = {}, {}
    for name in Monitor:
        monitor = make_monitor(name, protocol.monitoring, protocol.evaluation, inputs.model)
        statistics = monitor.statistics(population)
        documents = {STATISTICS: statistics, CONSTRAINTS: monitor.constraints(statistics)}
        for file, document in documents.items():
            write_document(folder / name / file, document)
            files[f"{name}/{file}"] = file_digest(folder / name / file)
        if name is Monitor.MODEL_QUALITY:
            measures = measures_of(statistics)
        progress(f"{name}: statistics and constraints")
    baseline = Baseline(
        artefact_digest=inputs.artefact_digest,
        dataset_version=inputs.version,
        plan_digest=inputs.plan.digest,
        cases=len(population),
        measures=measures,
        rules=protocol.monitoring,
        evaluation=protocol.evaluation,
        files=files,
    )
    (folder / BASELINE_FILE).write_bytes(baseline.to_json())
    return baseline


def _inputs(folder: Path, scratch: Path) -> _Inputs:
    for name in ("plan/plan.json", "model/model.tar.gz"):
        if not (folder / name).is_file():
            raise JobInputError(f"{name} is missing from the job's input")
    plan = load_plan(folder / "plan/plan.json")
    released = manifest.read(folder / "dataset")
    manifest.verify(folder / "dataset", released)
    extract_model(folder / "model/model.tar.gz", scratch)
    model = load_model(scratch)
    pairs = {
        "dataset": (model.settings.dataset_version, released.version),
        "plan": (model.settings.plan_digest, plan.digest),
    }
    for name, (trained, given) in pairs.items():
        if trained != given:
            raise JobInputError(f"the model was trained with {name} {trained[:12]}, but {given[:12]} is given")
    return _Inputs(plan, model, tree_digest(scratch), folder / "dataset", released.version)
