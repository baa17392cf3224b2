"""What the templates are given: the desk's data in the order and the groups in which people read it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vigil.approvals.dossier import Dossier
from vigil.approvals.models import ApprovalRequest, Meaning, SignatureRecord, Status
from vigil.approvals.words import MEASURES, SPLITS, SUBGROUPS
from vigil.models.models import Evaluation, Measure, Measures, ModelOnSplit

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass(frozen=True)
class MeasureRow:
    name: str
    direction: str
    meaning: str
    candidate: Measure
    serving: Measure | None
    baseline: Measure
    difference: Measure


@dataclass(frozen=True)
class SubgroupRow:
    name: str
    cases: int
    prevalence: float
    measures: list[tuple[Measure, Measure | None]]  # in the order of MEASURES: the candidate's, and that in service


@dataclass(frozen=True)
class SplitView:
    name: str
    title: str
    cases: int
    prevalence: float
    measures: list[MeasureRow]
    subgroups: list[SubgroupRow]


@dataclass(frozen=True)
class Picture:
    """A plot, once for each theme. As an image it can run nothing and obeys its own styles, whatever is in it."""

    title: str
    description: str
    sources: dict[str, str]


def is_open(request: ApprovalRequest, now: datetime) -> bool:
    return request.status is Status.PENDING and now < request.expires_at


def split_views(evaluation: Evaluation, serving: Evaluation | None) -> list[SplitView]:
    """The newest quarter first: it is the one that is like what comes."""
    return list(_split_views(evaluation, serving))


def _split_views(evaluation: Evaluation, serving: Evaluation | None) -> Iterator[SplitView]:
    for name, title in SPLITS.items():
        found = evaluation.splits.get(name)
        if found is None:
            continue
        other = serving.splits.get(name) if serving else None
        now_serving: ModelOnSplit | None = other.candidate if other else None
        yield SplitView(
            name=name,
            title=title,
            cases=found.population.n,
            prevalence=found.population.prevalence,
            measures=[
                MeasureRow(
                    **words._asdict(),
                    candidate=getattr(found.candidate.overall, measure),
                    serving=getattr(now_serving.overall, measure) if now_serving else None,
                    baseline=getattr(found.baseline.overall, measure),
                    difference=getattr(found.difference, measure),
                )
                for measure, words in MEASURES.items()
            ],
            subgroups=[
                SubgroupRow(
                    name=SUBGROUPS[group],
                    cases=found.subgroups[group].n,
                    prevalence=found.subgroups[group].prevalence,
                    measures=_pairs(measures, now_serving.subgroups.get(group) if now_serving else None),
                )
                for group, measures in found.candidate.subgroups.items()
            ],
        )


def _pairs(candidate: Measures, serving: Measures | None) -> list[tuple[Measure, Measure | None]]:
    return [(getattr(candidate, name), getattr(serving, name) if serving else None) for name in MEASURES]


def pictures(dossier: Dossier) -> list[Picture]:
    """The evidence's plots; none where there is no evidence."""
    if dossier.evaluation is None:
        return []
    from vigil.approvals.plots import evidence_plots

    found: dict[str, Picture] = {}
    for theme in THEMES:
        for plot in evidence_plots(dossier, theme):
            picture = found.setdefault(plot.title, Picture(plot.title, plot.description, {}))
            encoded = base64.b64encode(plot.svg.encode()).decode()
            picture.sources[theme] = f"data:image/svg+xml;base64,{encoded}"
    return list(found.values())


def signature_of(request: ApprovalRequest, signer: str | None) -> SignatureRecord | None:
    """The signature that ``signer`` has given already; user names differ by more than their case."""
    return next((each for each in request.signatures if signer and each.signer.lower() == signer.lower()), None)


def meanings_among(offered: str) -> list[Meaning]:
    """Those that a form says it offered; all where it does not say, as the desk refuses what cannot be signed."""
    return [each for each in Meaning if each.value in offered.split()] or list(Meaning)


def meanings_to_offer(dossier: Dossier) -> list[Meaning]:
    """Those of the seats that still wait, and a rejection. Without evidence that holds there is nothing to approve.

    Without the plan nobody is known to be entitled, so the desk takes no signature at all.
    """
    if dossier.plan is None:
        return []
    if dossier.problem is not None:
        return [Meaning.REJECTED]
    waiting = {each.seat.meaning for each in dossier.seats if each.printed_name is None}
    return [each for each in Meaning if each.value in waiting or each is Meaning.REJECTED]
