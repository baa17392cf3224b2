"""A dossier in a terminal: the request, its evidence beside the model in service, known limits, seats, signatures."""

from __future__ import annotations

from rich.table import Column, Table
from rich.text import Text

from vigil.approvals.dossier import DatasetSummary, Dossier, FilledSeat, ServingModel
from vigil.approvals.public_request import read_public
from vigil.cli.approval_tables import console, pairs, plain, print_request, print_signatures, when
from vigil.cli.evaluation_tables import TITLES, figure, print_evaluation
from vigil.models.models import Evaluation

Drift = list[tuple[str, float, str]]


def print_dossier(dossier: Dossier) -> None:
    request = read_public(dossier.request)
    print_request(request)
    _print_evidence(dossier)
    if dossier.beside is not None:
        console.print(Text("Model in service: ", style="bold yellow") + plain(dossier.beside))
    _print_serving(dossier.serving, dossier.evaluation)
    _print_dataset("Dataset version", dossier.dataset)
    _print_dataset("Dataset version of the model in service", dossier.serving_dataset)
    _print_drift("Drift from the dataset of the model in service", dossier.drift_from_serving)
    _print_changes(dossier)
    _print_limits(dossier)
    _print_seats(dossier.seats)
    print_signatures(request.signatures, dossier.verified)


def _print_evidence(dossier: Dossier) -> None:
    if dossier.problem is not None:
        console.print(Text("The evidence does not hold: ", style="bold red") + plain(dossier.problem))
    if dossier.evaluation is not None:
        print_evaluation(console, dossier.evaluation)


def _print_serving(serving: ServingModel | None, candidate: Evaluation | None) -> None:
    if serving is None:
        console.print("No model is in service yet.")
        return
    rows = [("model", plain(serving.model_package_arn)), ("since", plain(serving.since))]
    rows += [("signed by", plain(line)) for line in serving.signed_by]
    if serving.problem:
        rows.append(("problem", plain(serving.problem)))
    console.print(pairs("Model in service", rows))
    if serving.evaluation is None or candidate is None:
        return
    table = Table("AUROC", "candidate", "model in service", title_justify="left")
    for name, title in TITLES.items():
        pair = [each.splits[name].candidate.overall.auroc for each in (candidate, serving.evaluation)]
        table.add_row(title, *(figure(measure) for measure in pair))
    console.print(table)


def _print_dataset(title: str, dataset: DatasetSummary | None) -> None:
    if dataset is None:
        return
    cases = ", ".join(f"{count:,} {name}" for name, count in dataset.cases.items())
    rows = [
        ("version", plain(dataset.version)),
        ("released", plain(when(dataset.released_at) if dataset.released_at else "unknown")),
        ("quarters", plain(", ".join(dataset.quarters))),
        ("cases", plain(cases)),
        ("warnings", plain(", ".join(dataset.warnings) or "none")),
        ("before it", plain(dataset.compared_with or "none")),
    ]
    if dataset.problem:
        rows.append(("problem", plain(dataset.problem)))
    console.print(pairs(title, rows))
    _print_drift("Drift from the version before", dataset.drift)


def _print_drift(title: str, drift: Drift) -> None:
    if not drift:
        return
    table = Table("column", "distance", Column("what moved", overflow="fold"), title=title, title_justify="left")
    for column, distance, words in drift:
        table.add_row(plain(column), f"{distance:.3f}", plain(words))
    console.print(table)


def _print_changes(dossier: Dossier) -> None:
    if not dossier.changes:
        return
    folded = [Column(name, overflow="fold") for name in ("what changed", "in service", "candidate")]
    table = Table(*folded, title_justify="left")
    for change in dossier.changes:
        table.add_row(plain(change.what), plain(change.before or "-"), plain(change.after))
    console.print(table)


def _print_limits(dossier: Dossier) -> None:
    if dossier.known_limits:
        console.print(Text("Known limits", style="bold"))
    for limit in dossier.known_limits:
        console.print(Text("  - ") + plain(limit))


def _print_seats(seats: list[FilledSeat]) -> None:
    if not seats:
        return
    table = Table("role", "meaning", "signed by", title="Signatures that the plan asks for", title_justify="left")
    for filled in seats:
        deputy = f"{filled.seat.role} (or {filled.seat.deputy})" if filled.deputies_may_sign else filled.seat.role
        table.add_row(plain(deputy), filled.seat.meaning, plain(filled.printed_name or "nobody yet"))
    console.print(table)
