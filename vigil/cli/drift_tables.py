"""How drift decisions look in a terminal. What others wrote is shown harmless."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Column, Table
from rich.text import Text

from vigil.cli.approval_tables import console, pairs, plain, plain_lines, when
from vigil.monitoring.models import Because, Decide, DriftDecision, Violation

STYLES = {Decide.RETRAIN: "green", Decide.INVESTIGATE: "yellow", Decide.IGNORE: "dim"}


def print_list(decisions: Sequence[DriftDecision]) -> None:
    if not decisions:
        console.print("No decisions on drift.")
        return
    table = Table(
        Column("decision\ndecided at", no_wrap=True), Column("monitor\nwindow", no_wrap=True),
        Column("what moved", overflow="fold", min_width=14), Column("decided\nbecause", overflow="fold", min_width=11),
        box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for decision in decisions:
        window = decision.report.window
        table.add_row(
            plain(decision.decision_id).append(f"\n{decision.decided_at:%Y-%m-%d %H:%M}"),
            Text(f"{decision.report.monitor}\n{window.start:%m-%d %H:%M} to {window.end:%m-%d %H:%M}"),
            _moved(decision),
            Text(str(decision.decide), style=STYLES[decision.decide]).append(f"\n{decision.because}", style="default"),
        )
    console.print(table)


def print_decision(decision: DriftDecision) -> None:
    report = decision.report
    rows = [
        ("decided", Text(str(decision.decide), style=f"bold {STYLES[decision.decide]}")),
        ("because", plain(_because(decision))),
        ("explanation", plain_lines(decision.explanation)),
        ("decided at", plain(when(decision.decided_at))),
        ("plan's rule", plain(f"{decision.rule}: {decision.wanted} (plan {report.plan_digest})")),
        ("endpoint", plain(report.endpoint)),
        ("window", plain(f"{when(report.window.start)} to {when(report.window.end)}, {report.cases} cases")),
        ("model", plain(report.artefact_digest)),
        ("baseline", plain(report.baseline_digest)),
        ("report", plain(report.report_uri)),
        ("new data", plain(_new_data(decision))),
    ]
    if decision.dag_run_id:
        rows.append(("run", plain(f"build_dataset, {decision.dag_run_id}")))
    if decision.overridden_at and decision.overridden_by:
        rows.append(("overridden", plain(f"by {decision.overridden_by} at {when(decision.overridden_at)}")))
        rows.append(("reason", plain_lines(decision.override_reason or "")))
    rows.append(("may override", plain(", ".join(decision.may_override))))
    console.print(pairs(f"Drift decision {decision.decision_id}", rows))
    _print_violations(report.violations, report.violation_count)


def _print_violations(violations: Sequence[Violation], count: int) -> None:
    table = Table("what moved", "check", "metric", "measured", "limit")
    for violation in violations:
        figures = ("" if figure is None else f"{figure:.4g}" for figure in (violation.measured, violation.limit))
        table.add_row(*(plain(text) for text in (violation.feature, violation.check, violation.metric, *figures)))
    console.print(table)
    if count > len(violations):
        console.print(f"{count - len(violations)} more in the report.")


def _moved(decision: DriftDecision) -> Text:
    named = [violation.feature for violation in decision.report.violations[:3]]
    more = decision.report.violation_count - len(named)
    return plain(", ".join(named) + (f" and {more} more" if more > 0 else ""))


def _because(decision: DriftDecision) -> str:
    if decision.because is Because.IN_PROGRESS and decision.coalesced_into:
        return f"{decision.because}: counted with decision {decision.coalesced_into}"
    return str(decision.because)


def _new_data(decision: DriftDecision) -> str:
    found = decision.new_data
    if not found.quarters:
        return "none, or not looked for"
    return f"{', '.join(found.quarters)}: {found.cases} labelled reports"
