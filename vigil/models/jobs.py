"""The two jobs as SageMaker's containers see them: folders below ``root`` in, files out."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from vigil.change_control.models import Plan
from vigil.change_control.plan import load_plan
from vigil.datasets import manifest
from vigil.digests import canonical_json, tree_digest
from vigil.models.artefact import extract_model, load_model
from vigil.models.evaluate import RunFacts, evaluate
from vigil.models.hyperparameters import parse_hyperparameters
from vigil.models.models import Evaluation
from vigil.models.train import Progress, train


class JobInputError(ValueError):
    """A job's input is missing or does not belong to the others; the message names it."""


def run_training(root: Path, progress: Progress) -> str:
    """Train from ``root/input`` into ``root/model``; returns the artefact digest.

    Reads ``input/config/hyperparameters.json`` and the channels ``input/data/dataset`` and ``input/data/plan``; writes
    ``output/data/training.json`` with the digests.
    """
    plan = _plan(root / "input/data/plan")
    raw = _json(root / "input/config/hyperparameters.json")
    chosen = parse_hyperparameters(raw, plan.hyperparameters)
    dataset = root / "input/data/dataset"
    version = _verified_version(dataset)
    progress(f"dataset {version[:12]} verified, plan {plan.digest[:12]} ({plan.version})")
    model = train(dataset, plan, chosen, version, progress)
    folder = root / "model"
    model.save(folder)
    digest = tree_digest(folder)
    facts = {
        "artefact_digest": digest,
        "dataset_version": version,
        "plan_digest": plan.digest,
        "hyperparameters": chosen.to_text(),
        "training_cases": model.settings.training_cases,
        "weights": list(model.settings.weights),
        "temperature": model.settings.temperature,
    }
    _write(root / "output/data/training.json", canonical_json(facts))
    progress(f"artefact {digest}")
    return digest


def run_evaluation(root: Path, code_revision: str, progress: Progress) -> Evaluation:
    """Evaluate ``root/processing/input`` into ``root/processing/output/evaluation.json``.

    The model, the dataset and the plan must be those the model was trained with. Raises ``JobInputError`` otherwise.
    """
    inputs = root / "processing/input"
    plan = _plan(inputs / "plan")
    dataset = inputs / "dataset"
    version = _verified_version(dataset)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        extract_model(_existing(inputs / "model/model.tar.gz"), folder)
        model = load_model(folder)
        digest = tree_digest(folder)
    pairs = {"dataset": (model.settings.dataset_version, version), "plan": (model.settings.plan_digest, plan.digest)}
    for name, (trained, given) in pairs.items():
        if trained != given:
            raise JobInputError(f"the model was trained with {name} {trained[:12]}, but {given[:12]} is given")
    progress(f"model {digest[:12]}, dataset {version[:12]}, plan {plan.digest[:12]}")
    facts = RunFacts(digest, version, code_revision, profile=str(_json(dataset / "dataset.json").get("profile")))
    evaluation = evaluate(model, dataset, plan, facts, progress)
    _write(root / "processing/output/evaluation.json", evaluation.to_json())
    return evaluation


def _plan(folder: Path) -> Plan:
    return load_plan(_existing(folder / "plan.json"))


def _verified_version(dataset: Path) -> str:
    """The version of the dataset, after every file was compared with the manifest."""
    released = manifest.read(dataset)
    manifest.verify(dataset, released)
    return released.version


def _json(path: Path) -> dict[str, str]:
    document = json.loads(_existing(path).read_bytes())
    if not isinstance(document, dict):
        raise JobInputError(f"{path.name} must hold a JSON object")
    return document


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise JobInputError(f"{path.parent.name}/{path.name} is missing from the job's input")
    return path


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
