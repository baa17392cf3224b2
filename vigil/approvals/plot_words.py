"""What the plots show, in words with the numbers: for screen readers, and for anyone who wants the figure itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from vigil.approvals.dossier import Dossier
from vigil.approvals.plot_canvas import Role
from vigil.approvals.words import SPLITS, SUBGROUPS
from vigil.change_control.models import Bands
from vigil.models.models import CalibrationPoint, Evaluation, Measure, ModelOnSplit, ScoreBin, Split, Subgroup

NAMES: dict[Role, str] = {"candidate": "candidate", "serving": "model in service", "baseline": "baseline"}
READ_AT = 0.1  # the false positive rate at which a ROC curve is read aloud
OTHER_DATA = " The model in service was evaluated on another dataset version, so on other cases."


@dataclass(frozen=True, eq=False)
class Compared:
    """The evaluations that are drawn. ``serving`` is None where nothing serves or its evaluation cannot be read.

    Two are equal when their evaluations' digests and the bands are, so that what was drawn once can be kept.
    """

    evaluation: Evaluation
    serving: Evaluation | None
    bands: Bands | None

    @cached_property
    def key(self) -> tuple[str, str | None, Bands | None]:
        return self.evaluation.digest, self.serving.digest if self.serving else None, self.bands

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compared) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def model(self, role: Role, split: Split) -> ModelOnSplit | None:
        if role == "serving":
            return self.serving.splits[split].candidate if self.serving and split in self.serving.splits else None
        return self.evaluation.splits[split].model(role)

    def models(self, split: Split) -> list[tuple[str, ModelOnSplit]]:
        found = ((name, self.model(role, split)) for role, name in NAMES.items())
        return [(name, model) for name, model in found if model is not None]

    def size(self, group: Subgroup, split: Split) -> str:
        population = self.evaluation.splits[split].subgroups.get(group)
        return "none" if population is None else f"{population.n:,}"

    @property
    def subgroups(self) -> list[Subgroup]:
        known = {group for split in self.evaluation.splits.values() for group in split.subgroups}
        return [group for group in SUBGROUPS if group in known]

    @property
    def lowest_auroc(self) -> float:
        """Of any interval of a subgroup that is drawn: where the axis has to begin."""
        measures = (
            measures.auroc
            for split in SPLITS
            for _, model in self.models(split)
            for measures in model.subgroups.values()
        )
        return min((each.low for each in measures if each.low is not None), default=1.0)

    @property
    def caution(self) -> str:
        other = self.serving is not None and self.serving.dataset_version != self.evaluation.dataset_version
        return OTHER_DATA if other else ""


def compared(dossier: Dossier) -> Compared | None:
    evaluation = dossier.evaluation
    if evaluation is None or not set(SPLITS) <= set(evaluation.splits):
        return None
    serving = dossier.serving.evaluation if dossier.serving else None
    return Compared(evaluation, serving, dossier.plan.protocol.bands if dossier.plan else None)


def roc(found: Compared) -> str:
    def said(model: ModelOnSplit) -> str:
        at = _read(model.curves.roc, READ_AT)
        return (
            f"AUROC {_figure(model.overall.auroc)}, {at:.0%} of the serious cases found at {READ_AT:.0%} false alarms"
        )

    return _by_split(found, said) + found.caution


def pr(found: Compared) -> str:
    def said(model: ModelOnSplit) -> str:
        return f"average precision {_figure(model.overall.average_precision)}"

    rates = ", ".join(f"{found.evaluation.splits[split].population.prevalence:.0%}" for split in SPLITS)
    return f"{_by_split(found, said)} Without a model precision is the share of serious cases: {rates}.{found.caution}"


def calibration(found: Compared) -> str:
    def said(model: ModelOnSplit) -> str:
        worst = max(model.curves.calibration, key=_gap, default=None)
        text = f"calibration error {_figure(model.overall.calibration_error)}"
        if worst is None:
            return text
        return f"{text}, furthest off where {worst.predicted:.2f} was predicted and {worst.observed:.2f} observed"

    return _by_split(found, said) + found.caution


def subgroups(found: Compared) -> str:
    parts = []
    for split, name in SPLITS.items():
        groups = []
        for group in found.subgroups:
            models = [
                f"{who} {_figure(model.subgroups[group].auroc)}"
                for who, model in found.models(split)
                if group in model.subgroups
            ]
            groups.append(f"{SUBGROUPS[group]} ({found.size(group, split)} cases): {', '.join(models)}")
        parts.append(f"{name}, AUROC with 95% intervals in brackets: {'; '.join(groups)}.")
    return " ".join(parts) + found.caution


def scores(found: Compared) -> str:
    parts = []
    for split, name in SPLITS.items():
        bins = found.evaluation.splits[split].candidate.curves.scores
        parts.append(f"{name}, scores of the candidate: {'; '.join(_in_bands(bins, found.bands))}.")
    return " ".join(parts)


def _figure(measure: Measure) -> str:
    if measure.value is None:
        return "undefined"
    return f"{measure.value:.3f}" + ("" if measure.low is None else f" ({measure.low:.3f} to {measure.high:.3f})")


def _in_bands(bins: list[ScoreBin], bands: Bands | None) -> Iterable[str]:
    edges = [0.0, bands.medium, bands.high, 1.0] if bands else [0.0, 0.5, 1.0]
    for low, high in pairwise(edges):
        inside = [each for each in bins if low <= (each.low + each.high) / 2 < high]
        serious, other = sum(each.serious for each in inside), sum(each.not_serious for each in inside)
        yield f"from {low:g} to {high:g} {serious:,} serious and {other:,} not serious cases"


def _by_split(found: Compared, said: Callable[[ModelOnSplit], str]) -> str:
    parts = []
    for split, name in SPLITS.items():
        models = "; ".join(f"{who} {said(model)}" for who, model in found.models(split))
        parts.append(
            f"{name} ({found.evaluation.splits[split].population.n:,} cases; 95% intervals in brackets): {models}."
        )
    return " ".join(parts)


def _gap(point: CalibrationPoint) -> float:
    return abs(point.predicted - point.observed)


def _read(points: list[tuple[float, float]], x: float) -> float:
    """The curve's value at ``x``, on the line between its points."""
    before = points[0]
    for after in points:
        if after[0] >= x:
            width = after[0] - before[0]
            return after[1] if width <= 0 else before[1] + (after[1] - before[1]) * (x - before[0]) / width
        before = after
    return before[1]
