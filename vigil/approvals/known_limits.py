"""What the evidence does not show: said to whoever signs, in words, beside the figures."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.approvals.held_evidence import HeldEvidence
from vigil.approvals.words import SUBGROUPS, WITHIN
from vigil.change_control.models import Plan
from vigil.code_revision import limit
from vigil.models.models import Evaluation, Measure, SplitEvaluation

STRICTEST = "full"  # the profile of whole quarters
# With fewer cases the 95 % interval of an AUROC near .85 is wider than about .15, whatever the mix of classes.
SMALL_SUBGROUP = 100


def known_limits(candidate: HeldEvidence, serving: HeldEvidence | None) -> list[str]:
    limits = list(_of_plan(candidate.plan)) if candidate.plan else []
    limits += _of_code(candidate, serving)
    if candidate.evaluation is not None:
        limits += _of_data(candidate.evaluation, candidate.plan)
        for name, split in candidate.evaluation.splits.items():
            limits += _of_split(WITHIN[name], split)
        limits += _of_comparison(candidate.evaluation, serving)
    return limits


def _of_plan(plan: Plan) -> Iterator[str]:
    yield f"Not for: {plan.intended_use.not_for}"
    yield f"Residual risk: {plan.impact_assessment.residual}"


def _of_code(candidate: HeldEvidence, serving: HeldEvidence | None) -> Iterator[str]:
    """The other one's too: what changed between the two cannot be looked up then either."""
    for name, held in (("the candidate", candidate), ("the model in service", serving)):
        why = limit(held.facts.code_revision) if held is not None else None
        if why is not None:
            yield f"The code of {name} cannot be fetched again by its revision, for {why}"


def _of_data(evaluation: Evaluation, plan: Plan | None) -> Iterator[str]:
    if evaluation.profile == STRICTEST:
        return
    rules = plan.protocol.acceptance.get(evaluation.profile) if plan else None  # type: ignore[call-overload]
    why = f": {rules.reason}" if rules else "."
    yield f"Not whole quarters: the data profile is {evaluation.profile}, whose limits are laxer{why}"


def _of_split(name: str, split: SplitEvaluation) -> Iterator[str]:
    auroc = split.candidate.overall.auroc
    yield f"Uncertainty on {name}: AUROC {figure(auroc)} from {split.population.n:,} cases."
    gain = split.difference.auroc
    if gain.low is None or gain.low <= 0:
        yield f"On {name} the candidate is not shown to be better than the baseline: AUROC difference {figure(gain)}."
    small = [f"{SUBGROUPS[group]} ({found.n})" for group, found in split.subgroups.items() if found.n < SMALL_SUBGROUP]
    if small:
        yield f"On {name} these subgroups have fewer than {SMALL_SUBGROUP} cases: {', '.join(small)}."
    undefined = [SUBGROUPS[group] for group, found in split.candidate.subgroups.items() if found.auroc.value is None]
    if undefined:
        yield f"On {name} these subgroups hold one class only, so nothing is known of them: {', '.join(undefined)}."


def _of_comparison(evaluation: Evaluation, serving: HeldEvidence | None) -> Iterator[str]:
    if serving is None:
        return
    if serving.evaluation is None:
        yield "The figures of the model in service cannot be read, so the candidate stands beside the baseline only."
    elif serving.evaluation.dataset_version != evaluation.dataset_version:
        yield (
            "The model in service was evaluated on another dataset version: its figures are of other cases, and a "
            "difference from the candidate's may be one of the data."
        )


def figure(measure: Measure) -> str:
    """A figure with its interval, in words."""
    if measure.value is None:
        return "undefined"
    if measure.low is None or measure.high is None:
        return f"{measure.value:.3f}"
    return f"{measure.value:.3f} (95 % interval {measure.low:.3f} to {measure.high:.3f})"
