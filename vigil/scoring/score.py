"""From case reports to scores: probability, uncertainty, band, and the terms that moved it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vigil.cases.features import featurize
from vigil.cases.models import CaseReport
from vigil.digests import tree_digest
from vigil.models.artefact import BandLimits, TriageModel, load_model
from vigil.scoring.explain import column_contributions, effects_of, strongest
from vigil.scoring.models import Band, CaseScore, TermEffect

TOP_TERMS = 8
DECIMALS = 6


class ArtefactMismatchError(RuntimeError):
    """The model folder is not the artefact that was approved. Nothing may be scored with it."""


class Scorer:
    """A loaded model that scores. ``digest`` names its artefact."""

    def __init__(self, model: TriageModel, digest: str) -> None:
        self._model = model
        self.digest = digest

    def score(self, reports: Sequence[CaseReport]) -> list[CaseScore]:
        """One score for each report, in order. The same report gives the same score in any company."""
        features = featurize(reports, self._model.space)
        probability, uncertainty = self._model.candidate(features)
        contributions = column_contributions(self._model, features)
        scores = []
        for row, report in enumerate(reports):
            effects = effects_of(report, contributions[row], self._model.space)
            scores.append(
                CaseScore(
                    case_id=report.case_id,
                    probability=round(float(probability[row]), DECIMALS),
                    uncertainty=round(float(uncertainty[row]), DECIMALS),
                    band=band_of(float(probability[row]), float(uncertainty[row]), self._model.settings.bands),
                    terms=tuple(TermEffect(term=term, effect=effect) for term, effect in strongest(effects, TOP_TERMS)),
                )
            )
        return scores


def band_of(probability: float, uncertainty: float, limits: BandLimits) -> Band:
    """High, medium or low by the plan's limits. A case whose members disagree is raised, never lowered."""
    if probability >= limits.high:
        return "high"
    if probability >= limits.medium or uncertainty >= limits.uncertain:
        return "medium"
    return "low"


def load_scorer(folder: Path, expected_digest: str) -> Scorer:
    """Load the model in ``folder``. Raises ``ArtefactMismatchError`` unless its artefact digest is the approved one."""
    found = tree_digest(folder) if folder.is_dir() else "no model folder"
    if found != expected_digest:
        raise ArtefactMismatchError(
            f"the model's digest is {found}, approved was {expected_digest}: refusing to serve; "
            "create the endpoint from the approved model package again"
        )
    return Scorer(load_model(folder), found)
