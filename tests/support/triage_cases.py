"""Made-up cases in the curated schema, small enough to train on in a second, and the plan changed for a test."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vigil.cases.schema import CURATED_SCHEMA
from vigil.change_control.models import Plan
from vigil.change_control.plan import load_plan
from vigil.datasets import manifest
from vigil.datasets.split_settings import SPLIT_FILES

REPOSITORY = Path(__file__).resolve().parents[2]
QUICK = {"trees": "50", "members": "3", "max_depth": "4"}  # hyperparameters for tests of anything but quality
SPLIT_SIZES = {"train": 2200, "validation": 500, "test": 500, "test_next": 500}

# Reaction terms with what each adds to the log-odds of a serious outcome.
TERMS = {
    "acute kidney injury": 2.2,
    "cerebral haemorrhage": 2.4,
    "febrile neutropenia": 2.0,
    "hepatic failure": 2.5,
    "pneumonia": 1.6,
    "sepsis": 2.2,
    "fall": 0.8,
    "dyspnoea": 0.5,
    "nausea": -0.3,
    "fatigue": -0.3,
    "headache": -0.4,
    "pruritus": -0.8,
    "rash": -0.7,
    "drug ineffective": -0.6,
    "injection site pain": -1.8,
    "injection site erythema": -1.6,
    "product dose omission issue": -1.4,
    "device leakage": -2.4,
    "wrong technique in product usage process": -1.9,
    "alopecia": -0.5,
}


def plan_with(**changes: Any) -> Plan:
    """The project's plan with some values replaced, ``{"modification_protocol.data.minimum_training_cases": 10}``."""
    data = load_plan(REPOSITORY / "change_control" / "plan.yaml").model_dump(mode="json")
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = data
        for part in parents:
            place = place[part]
        place[last] = value
    return Plan.model_validate(data)


def quick_plan() -> Plan:
    """The project's plan with fewer bootstrap resamples."""
    return plan_with(**{"modification_protocol.evaluation.bootstrap_resamples": 100})


def rows(count: int, seed: int, first_case: int = 1) -> list[dict[str, Any]]:
    """``count`` curated rows. Fields that are banned as features tell the label, as they do in real reports."""
    random = np.random.default_rng(seed)
    names, effects = list(TERMS), np.array(list(TERMS.values()))
    found = []
    for number in range(count):
        chosen = random.choice(len(names), size=int(random.integers(1, 5)), replace=False)
        age = None if random.random() < 0.4 else round(float(random.uniform(1, 95)), 1)
        log_odds = effects[chosen].sum() * 0.8 + (0.0 if age is None else (age - 50) / 60)
        serious = bool(random.random() < 1 / (1 + np.exp(-log_odds)))
        found.append(
            {
                "case_id": first_case + number,
                "primary_id": (first_case + number) * 10 + 1,
                "case_version": 1,
                "quarter": "2024Q1",
                "received_date": "2024-01-15",
                "age_years": age,
                "weight_kg": None if random.random() < 0.7 else round(float(random.uniform(3, 120)), 1),
                "sex": [None, "F", "M"][int(random.integers(3))],
                "reporter_country": "US" if random.random() < (0.4 if serious else 0.9) else "JP",
                "report_code": "EXP" if serious else "PER",
                "reactions": sorted(names[index] for index in chosen),
                "drugs": sorted({f"drug {random.integers(40)}" for _ in range(int(random.integers(1, 5)))}),
                "suspect_drugs": [],
                "indications": [],
                "outcomes": ["OT"] if serious else [],
                "serious": serious,
                "source_archive": "made-up.zip",
                "source_table": "DEMO",
                "source_line": number + 2,
            }
        )
    return found


def write_split(folder: Path, name: str, cases: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SPLIT_FILES[name]).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(cases, schema=CURATED_SCHEMA), folder / SPLIT_FILES[name])


def seal(folder: Path, profile: str = "synthetic") -> str:
    """Write ``dataset.json`` and the manifest of a folder of splits; returns the dataset version."""
    (folder / "dataset.json").write_text(json.dumps({"name": "faers", "profile": profile}))
    built = manifest.build(folder)
    (folder / manifest.MANIFEST_FILE).write_bytes(built.to_bytes())
    return built.version


def write_dataset(folder: Path, seed: int = 1) -> str:
    """A whole dataset version of made-up cases; returns its version."""
    for offset, (name, size) in enumerate(SPLIT_SIZES.items()):
        write_split(folder, name, rows(size, seed * 10 + offset, first_case=1 + offset * 10_000))
    return seal(folder)


def write_job_inputs(root: Path, dataset: Path, plan: Plan, hyperparameters: dict[str, str]) -> None:
    """What SageMaker puts below ``root`` for a training job and, but for the model, for a processing job."""
    (root / "input/config").mkdir(parents=True)
    (root / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
    for inputs in (root / "input/data", root / "processing/input"):
        (inputs / "plan").mkdir(parents=True)
        (inputs / "plan/plan.json").write_bytes(plan.to_json())
        (inputs / "dataset").symlink_to(dataset, target_is_directory=True)


def pack_model(root: Path) -> None:
    """What SageMaker does between the two jobs: the model folder as ``model.tar.gz``."""
    archive = root / "processing/input/model/model.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted((root / "model").iterdir()):
            tar.add(path, arcname=path.name)
