"""The model as files: JSON and UBJSON, nothing that runs code when it is read, and nothing that tells the time.

model.json           settings: weights, temperatures, bands, what it was trained on
feature_space.json   the columns
linear.json          the baseline, which is also the ensemble's first member
member_00.ubj ...    the boosted trees
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigil.cases.features import FeatureSpace
from vigil.digests import Sha256, canonical_json
from vigil.models.calibration import sigmoid, with_temperature
from vigil.models.linear import LinearModel
from vigil.models.members import TreeMember

SETTINGS_FILE = "model.json"
SPACE_FILE = "feature_space.json"
LINEAR_FILE = "linear.json"
LARGEST_FILE_BYTES = 512 * 2**20  # a member has a few MB; more is not ours


class ArtefactError(ValueError):
    """The model's files are incomplete, damaged or not ours; the message names the file."""


class BandLimits(BaseModel):
    """Copied from the plan when training: the bands that were approved are the bands that are served."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    high: float
    medium: float
    uncertain: float


class ModelSettings(BaseModel):
    """``weights``: linear member first, sum one. The temperatures belong to the ensemble and to the baseline alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["vigil.model/1"] = "vigil.model/1"
    dataset_version: Sha256
    plan_digest: Sha256
    hyperparameters: dict[str, str]
    training_cases: int
    weights: tuple[float, ...] = Field(min_length=2)
    temperature: float = Field(gt=0)
    baseline_temperature: float = Field(gt=0)
    bands: BandLimits


@dataclass(frozen=True)
class TriageModel:
    """The trained model: features in, probability and uncertainty out. All arrays have one entry for each report."""

    settings: ModelSettings
    space: FeatureSpace
    linear: LinearModel
    trees: tuple[TreeMember, ...]

    def member_probabilities(self, features: Any) -> NDArray[np.float64]:
        """Each member's own probability, linear first, not calibrated, shape (members, reports)."""
        return member_probabilities(features, self.linear, self.trees)

    def baseline(self, features: Any) -> NDArray[np.float64]:
        """The linear model alone, calibrated."""
        return with_temperature(sigmoid(self.linear.log_odds(features)), self.settings.baseline_temperature)

    def candidate(self, features: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The ensemble's calibrated probability, and the weighted standard deviation of its members' (0 to 0.5)."""
        members = self.member_probabilities(features)
        weights = np.array(self.settings.weights)
        probability = with_temperature(weights @ members, self.settings.temperature)
        calibrated = with_temperature(members, self.settings.temperature)
        spread = np.sqrt(weights @ (calibrated - weights @ calibrated) ** 2)
        return probability, np.asarray(spread, np.float64)

    def save(self, folder: Path) -> None:
        """Write the files into ``folder``, which is made; it must hold nothing else."""
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ArtefactError(
                f"the model folder {folder.name} is not empty: the artefact digest would cover the rest"
            )
        (folder / SETTINGS_FILE).write_bytes(canonical_json(self.settings.model_dump(mode="json")))
        (folder / SPACE_FILE).write_bytes(canonical_json(self.space.model_dump(mode="json")))
        self.linear.save(folder / LINEAR_FILE)
        for number, member in enumerate(self.trees):
            member.save(folder / member_file(number))


def member_file(number: int) -> str:
    return f"member_{number:02d}.ubj"


def member_probabilities(features: Any, linear: LinearModel, trees: tuple[TreeMember, ...]) -> NDArray[np.float64]:
    """Shape (members, reports), the linear member first."""
    log_odds = [linear.log_odds(features), *(tree.log_odds(features) for tree in trees)]
    return sigmoid(np.stack(log_odds))


def load_model(folder: Path) -> TriageModel:
    """Read a model folder. Raises ``ArtefactError`` when a file is missing, unreadable or does not fit the others."""
    try:
        settings = ModelSettings.model_validate_json((folder / SETTINGS_FILE).read_bytes())
        space = FeatureSpace.model_validate_json((folder / SPACE_FILE).read_bytes())
        linear = LinearModel.load(folder / LINEAR_FILE)
        trees = tuple(TreeMember.load(folder / member_file(number)) for number in range(len(settings.weights) - 1))
    except FileNotFoundError as error:
        raise ArtefactError(f"the model lacks {Path(str(error.filename)).name}") from error
    except (ValidationError, ValueError, KeyError) as error:
        raise ArtefactError(f"the model's files are damaged: {error}") from error
    if len(linear.coefficients) != space.size or any(tree.columns != space.size for tree in trees):
        raise ArtefactError(f"the members do not fit the {space.size} columns of {SPACE_FILE}")
    return TriageModel(settings=settings, space=space, linear=linear, trees=trees)


def extract_model(archive: Path, folder: Path) -> None:
    """Unpack SageMaker's ``model.tar.gz`` into ``folder``: plain files at its top only, each of a bounded size."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if member.isdir() and name in {"", "."}:
                    continue
                if not member.isfile() or "/" in name or member.size > LARGEST_FILE_BYTES:
                    raise ArtefactError(f"{archive.name} holds {name!r}, which is no file of a model")
                member.name = name
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArtefactError(f"{archive.name} is not readable as a gzipped tar archive: {error}") from error
