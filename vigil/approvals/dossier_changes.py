"""What differs from the model in service: code, image, dataset, hyperparameters, features, each line of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vigil.approvals.dossier import Change
from vigil.approvals.held_evidence import HeldEvidence
from vigil.change_control.difference import differences
from vigil.code_revision import told

FACTS = {"code_revision": "code revision", "image": "image", "dataset_version": "dataset version"}
NOT_SET = "not set"


def changes(candidate: HeldEvidence, before: HeldEvidence | None) -> list[Change]:
    """Only what differs; where nothing serves that could be compared with, what the candidate is made of."""
    return [*_facts(candidate, before), *_training(candidate, before), *_plan(candidate, before)]


def _facts(candidate: HeldEvidence, before: HeldEvidence | None) -> Iterator[Change]:
    for field, name in FACTS.items():
        new, old = str(getattr(candidate.facts, field)), str(getattr(before.facts, field)) if before else None
        if new == old:
            continue
        if field == "code_revision":
            new, old = told(new), None if old is None else told(old)
        yield Change(what=name, before=old, after=new)


def _training(candidate: HeldEvidence, before: HeldEvidence | None) -> Iterator[Change]:
    if candidate.evaluation is None:
        return
    new = _settings(candidate)
    old = _settings(before) if before and before.evaluation else None
    for name in sorted(new.keys() | (old or {}).keys()):
        now, then = new.get(name, NOT_SET), None if old is None else old.get(name, NOT_SET)
        if now != then:
            yield Change(what=name, before=then, after=now)


def _settings(held: HeldEvidence) -> Mapping[str, str]:
    evaluation = held.evaluation
    if evaluation is None:
        return {}
    values = {f"hyperparameter {name}": value for name, value in evaluation.hyperparameters.items()}
    features = evaluation.features
    return values | {
        "data profile": evaluation.profile,
        "training cases": f"{evaluation.training_cases:,}",
        "feature fields": ", ".join(features.fields),
        "features": f"{features.terms:,} terms, {features.words:,} words, {len(features.numbers)} numbers",
    }


def _plan(candidate: HeldEvidence, before: HeldEvidence | None) -> Iterator[Change]:
    new, old = candidate.plan, before.plan if before else None
    if new is None:
        return
    if old is None:
        yield Change(what="plan", before=None, after=f"version {new.version}, {new.digest}")
        return
    if new.digest != old.digest:
        yield Change(
            what="plan", before=f"version {old.version}, {old.digest}", after=f"version {new.version}, {new.digest}"
        )
        for line in differences(old, new):
            yield Change(what=f"plan: {line.where}", before=line.before or NOT_SET, after=line.after or NOT_SET)
