"""A decision in plain words: what moved, how far, in which window, against what, by which rule, and why."""

from __future__ import annotations

from vigil.change_control.monitoring_rules import DriftRule, DriftRules
from vigil.monitoring.models import Because, Decide, DriftDecision, NewData, Violation, WindowReport, WindowStatus
from vigil.monitoring.retraining import Running

VIOLATIONS_NAMED = 8
NAME_CHARACTERS = 120
REASON_CHARACTERS = 600
LONGEST = 4000  # of DriftDecision.explanation
SHORT_DIGEST = 12
DAY_SECONDS = 86_400
#: Of the `reason` that a training carries to those who sign for it.
TRAINING_REASON_CHARACTERS = 500


def explain(
    report: WindowReport,
    rule: DriftRule | None,
    rules: DriftRules,
    decided: Decide,
    because: Because,
    new_data: NewData,
    running: Running | None,
    tried: DriftDecision | None = None,
) -> str:
    sentences = [
        _window(report),
        *_moved(report),
        _rule(report, rule),
        _why(decided, because, rules, new_data, running, tried),
    ]
    return " ".join(sentences)[:LONGEST]


def training_reason(decision_id: str, report: WindowReport, rule: str) -> str:
    """Why to train, as the approver will read it."""
    named = ", ".join(violation.feature[:NAME_CHARACTERS] for violation in report.violations[:VIOLATIONS_NAMED])
    text = f"drift decision {decision_id}: {report.monitor} found by rule {rule} that these moved: {named}"
    return text[:TRAINING_REASON_CHARACTERS]


def _window(report: WindowReport) -> str:
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (report.window.start, report.window.end))
    found = f"{report.violation_count} violation{'' if report.violation_count == 1 else 's'}"
    return (
        f"Monitor {report.monitor} found {found} among {report.cases} cases that {report.endpoint} answered from "
        f"{start} to {end} UTC, against baseline {report.baseline_digest[:SHORT_DIGEST]} of model "
        f"{report.artefact_digest[:SHORT_DIGEST]}."
    )


def _moved(report: WindowReport) -> list[str]:
    named = [_far(violation) for violation in report.violations[:VIOLATIONS_NAMED]]
    if not named:
        return []
    more = report.violation_count - len(named)
    return [f"What moved: {'; '.join(named)}{f'; and {more} more' if more > 0 else ''}."]


def _far(violation: Violation) -> str:
    text = f"{violation.feature[:NAME_CHARACTERS]}, {violation.metric}"
    if violation.measured is not None:
        text += f" {violation.measured:.4g}"
    return text if violation.limit is None else f"{text} (limit {violation.limit:.4g})"


def _rule(report: WindowReport, rule: DriftRule | None) -> str:
    if report.status is not WindowStatus.VIOLATIONS:
        return f"The window's report says {report.status}, so no rule of the plan applies."
    if rule is None:
        return "No rule of the plan speaks of this."
    many = "one feature" if rule.features == 1 else f"{rule.features} features"
    of_check = "" if rule.check is None else f" in {rule.check}"
    return (
        f"The plan's rule {rule.name} (from {many}{of_check} on) says {rule.decide}: "
        f"{rule.reason[:REASON_CHARACTERS].rstrip('.')}."
    )


def _why(
    decided: Decide,
    because: Because,
    rules: DriftRules,
    new_data: NewData,
    running: Running | None,
    tried: DriftDecision | None,
) -> str:
    match because:
        case Because.IN_PROGRESS if running is not None:
            why = f"{running.told()} is in progress, and this window is counted with it"
        case Because.COOL_DOWN:
            why = f"the last retraining was decided less than {_time(rules.cool_down_seconds)} ago"
        case Because.NOTHING_NEW if tried is not None:
            why = (
                f"a retraining with just {', '.join(new_data.quarters)} was tried for decision {tried.decision_id} of "
                f"{tried.decided_at:%Y-%m-%d} before, and is not what serves; to try it again is for a person to decide"
            )
        case Because.NOTHING_NEW:
            why = "no quarter has landed that the model in service does not know, so a training would learn nothing new"
        case Because.TOO_LITTLE_NEW_DATA:
            why = f"there is {_new(new_data)}, and the plan asks for {rules.minimum_new_cases}"
        case Because.OTHER_MODEL:
            why = "the window is about a model that does not serve (any more)"
        case _ if decided is Decide.RETRAIN:
            why = f"there is {_new(new_data)}"
        case _:
            return f"Decided: {decided}."
    return f"Decided: {decided}; {why}."


def _new(new_data: NewData) -> str:
    return f"{', '.join(new_data.quarters)}, with {new_data.cases} labelled reports that the model does not know"


def _time(seconds: int) -> str:
    days = seconds / DAY_SECONDS
    return f"{days:.3g} days" if days >= 1 else f"{seconds} seconds"
