"""The stages of ``dvc.yaml``: curate, split, train and evaluate on local folders, with the code that the jobs run.

Started as ``python -m vigil.cli.local STAGE``. Folders: ``data/raw`` (archives) → ``data/curated`` (a folder for each
quarter) → ``data/splits`` (a dataset version, as released) → ``data/model`` → ``data/evaluation``. Settings:
``params.yaml``.
"""

from __future__ import annotations

import csv
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from vigil.cases.engine import DUCKDB
from vigil.cli.errors import told_plainly
from vigil.models.models import Evaluation

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

RAW, CURATED, SPLITS = Path("data/raw"), Path("data/curated"), Path("data/splits")
QUALITY = Path("data/quality.html")
MODEL, EVALUATION = Path("data/model"), Path("data/evaluation")
PARAMETERS, PLAN = Path("params.yaml"), Path("change_control/plan.yaml")
LOCAL_REVISION = "local"  # a working copy has no released revision; only the pipeline's own runs record one


@app.command()
def curate(
    engine: Annotated[str, typer.Option(help="duckdb, or spark (needs Java 17): the same rows.")] = DUCKDB,
) -> None:
    """Curate each archive in data/raw into data/curated/<quarter>; what is up to date there is left as it is."""
    from vigil.cases.archive import ArchiveError
    from vigil.cases.engine_choice import EngineError, local_engine
    from vigil.datasets.build import curate_archives

    with told_plainly("local curate", ArchiveError, EngineError), local_engine(engine) as maker:
        quarters = curate_archives(sorted(RAW.glob("*.zip")), CURATED, maker)
    typer.echo(f"{', '.join(quarter.name for quarter in quarters)} curated into {CURATED}")


@app.command()
def split() -> None:
    """Put data/curated together, judge it by the profile of params.yaml, and assemble the version in data/splits."""
    from vigil.cases.archive import ArchiveError
    from vigil.datasets.assemble import assemble
    from vigil.datasets.build import assemble_quarters
    from vigil.datasets.quality import QualityError, judge
    from vigil.datasets.quarters import StaleQuarterError
    from vigil.datasets.report.page import write_report
    from vigil.datasets.split import SplitError
    from vigil.datasets.split_settings import SplitSettings

    settings = _parameters("dataset")
    profile = settings.pop("profile")
    refusals = (SplitError, QualityError, ArchiveError, StaleQuarterError)
    with told_plainly("local split", *refusals), tempfile.TemporaryDirectory() as work:
        staging = Path(work) / "staging"
        quarters = sorted(path for path in CURATED.iterdir() if path.is_dir())
        measured = assemble_quarters(quarters, staging, profile, SplitSettings.model_validate(settings))
        shutil.copyfile(write_report(staging, judge(measured, profile)), QUALITY)  # to be read when rules fail, too
        typer.echo(f"dataset version {assemble(staging, SPLITS).version}")


@app.command()
def train() -> None:
    """Train on data/splits into data/model, as the training job does."""
    from vigil.models.hyperparameters import HyperparameterError
    from vigil.models.jobs import run_training
    from vigil.models.train import TrainingDataError

    chosen = {name: str(value) for name, value in _parameters("train").items()}
    with told_plainly("local train", HyperparameterError, TrainingDataError), _job_root("input/data") as root:
        (root / "input/config").mkdir(parents=True)
        (root / "input/config/hyperparameters.json").write_text(json.dumps(chosen), encoding="utf-8")
        run_training(root, typer.echo)
        shutil.copytree(root / "model", MODEL, dirs_exist_ok=True)


@app.command()
def evaluate() -> None:
    """Evaluate data/model on data/splits into data/evaluation, as the processing job does."""
    from vigil.models.jobs import run_evaluation

    with _job_root("processing/input") as root:
        archive = root / "processing/input/model/model.tar.gz"
        archive.parent.mkdir()
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(MODEL, arcname=".")
        evaluation = run_evaluation(root, LOCAL_REVISION, typer.echo)
    EVALUATION.mkdir(parents=True, exist_ok=True)
    (EVALUATION / "evaluation.json").write_bytes(evaluation.to_json())
    (EVALUATION / "metrics.json").write_text(json.dumps(_metrics(evaluation), indent=1) + "\n", encoding="utf-8")
    _write_curves(evaluation)


@contextmanager
def _job_root(inputs: str) -> Iterator[Path]:
    """What SageMaker mounts at /opt/ml, with the dataset and the plan below ``inputs``."""
    from vigil.change_control.plan import load_plan

    with tempfile.TemporaryDirectory(prefix="vigil-job-") as temporary:
        root = Path(temporary)
        (root / inputs / "plan").mkdir(parents=True)
        (root / inputs / "dataset").symlink_to(SPLITS.resolve(), target_is_directory=True)
        plan = load_plan(PLAN).model_dump_json()
        (root / inputs / "plan/plan.json").write_text(plan, encoding="utf-8")
        yield root


def _parameters(section: str) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))[section]
    return settings


def _metrics(evaluation: Evaluation) -> dict[str, dict[str, dict[str, float | None]]]:
    """Figures for ``dvc metrics diff``: by split, model and measure."""
    return {
        name: {
            role: {measure: content["value"] for measure, content in model.overall.model_dump().items()}
            for role, model in (("baseline", split.baseline), ("candidate", split.candidate))
        }
        for name, split in evaluation.splits.items()
    }


def _write_curves(evaluation: Evaluation) -> None:
    """Tables for ``dvc plots``: the candidate's ROC curve and calibration on each split."""
    for name, content in evaluation.splits.items():
        curves = content.candidate.curves
        points = [(point.predicted, point.observed, point.n) for point in curves.calibration]
        _write_table(EVALUATION / f"roc_{name}.csv", ("false_positive_rate", "true_positive_rate"), curves.roc)
        _write_table(EVALUATION / f"calibration_{name}.csv", ("predicted", "observed", "n"), points)


def _write_table(path: Path, header: tuple[str, ...], rows: list[Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    app()
