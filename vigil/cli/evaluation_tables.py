"""An evaluation as tables: candidate beside baseline with intervals, and by subgroup with a bar for the eye."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from vigil.models.models import Evaluation, Measure, Split, SplitEvaluation

TITLES: dict[Split, str] = {
    "test": "test (unseen cases of the training quarters)",
    "test_next": "test_next (the newest quarter, out of time)",
}
MEASURES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "brier": "Brier score (less is better)",
    "calibration_error": "calibration error (less is better)",
    "recall_at_capacity": "recall at review capacity",
}
BAR_CELLS = 20


def print_evaluation(console: Console, evaluation: Evaluation) -> None:
    for name, split in evaluation.splits.items():
        console.print(_measures(TITLES[name], split))
        console.print(_subgroups(split))


def _measures(title: str, split: SplitEvaluation) -> Table:
    population = split.population
    table = Table(
        "", "candidate", "baseline", "difference", title_justify="left",
        title=f"{title}: {population.n:,} cases, {population.prevalence:.1%} serious",
    )  # fmt: skip
    for field, name in MEASURES.items():
        found = (split.candidate.overall, split.baseline.overall, split.difference)
        table.add_row(name, *(figure(getattr(measures, field)) for measures in found))
    return table


def _subgroups(split: SplitEvaluation) -> Table:
    table = Table("AUROC in", "candidate", "", "baseline", "cases", "serious")
    for group, population in split.subgroups.items():
        candidate, baseline = split.candidate.subgroups.get(group), split.baseline.subgroups.get(group)
        if candidate is not None and baseline is not None:
            figures = figure(candidate.auroc), _bar(candidate.auroc), figure(baseline.auroc)
            table.add_row(group, *figures, f"{population.n:,}", f"{population.prevalence:.0%}")
    return table


def _bar(measure: Measure) -> str:
    """From chance, 0.5, to perfect, 1."""
    return "" if measure.value is None else "█" * round(max(0.0, measure.value - 0.5) * 2 * BAR_CELLS)


def figure(measure: Measure) -> str:
    """With its interval, escaped for rich's markup."""
    if measure.value is None:
        return "undefined"
    if measure.low is None or measure.high is None:
        return f"{measure.value:.3f}"
    return f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]".replace("[", r"\[")
