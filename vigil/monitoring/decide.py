"""What is decided about a window with violations: the plan's first rule that matches, and what may stand in its way.

Pure: the same window, rules and situation give the same decision, to the byte. A decision never changes what serves;
all that it can bring about is a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vigil.change_control.monitoring_rules import DriftRule, DriftRules
from vigil.monitoring.explain_decision import explain
from vigil.monitoring.models import Because, Decide, DriftDecision, NewData, WindowReport, WindowStatus
from vigil.monitoring.retraining import Running

#: Of a window that has violations, but none that a rule of the plan speaks of.
NO_RULE = "none"
#: What becomes of a retraining that is wanted and may not start. A person can do something about data that are missing,
#: and nothing about the others: a retraining that runs or ran takes care of them, or another model serves.
INSTEAD = {
    Because.OTHER_MODEL: Decide.IGNORE,
    Because.IN_PROGRESS: Decide.IGNORE,
    Because.COOL_DOWN: Decide.IGNORE,
    Because.NOTHING_NEW: Decide.INVESTIGATE,
    Because.TOO_LITTLE_NEW_DATA: Decide.INVESTIGATE,
}


@dataclass(frozen=True)
class Situation:
    """What a decision depends on beside the window and the plan.

    ``serving``: artefact digest of the model in service, None where none is. ``running``: what trains already, from
    being asked for to the end of the signatures; one of drift's own or any other. ``last_retrained_at``: when a
    retraining that was really asked for was decided. ``new_data``: what the model in service was not trained on;
    ``tried``: the decision whose retraining had just these already, and did not get into service.
    """

    serving: str | None
    running: Running | None
    last_retrained_at: datetime | None
    new_data: NewData
    now: datetime
    tried: DriftDecision | None = None


def decide(report: WindowReport, rules: DriftRules, situation: Situation) -> DriftDecision:
    """The decision record of one window. Its id is the window's, so that a repeated event finds it."""
    rule = first_match(report, rules)
    wanted = Decide.IGNORE if rule is None else Decide(rule.decide)
    because = obstacle(wanted, report, rules, situation)
    decided = INSTEAD.get(because, wanted)
    return DriftDecision(
        decision_id=report.id,
        report=report.told(),
        rule=NO_RULE if rule is None else rule.name,
        wanted=wanted,
        decide=decided,
        because=because,
        explanation=explain(
            report, rule, rules, decided, because, situation.new_data, situation.running, situation.tried
        ),
        may_override=tuple(rules.override_roles),
        new_data=situation.new_data,
        coalesced_into=situation.running.decision_id if situation.running and because is Because.IN_PROGRESS else None,
        decided_at=situation.now,
    )


def first_match(report: WindowReport, rules: DriftRules) -> DriftRule | None:
    """The plan's rule for this window; None where its violations, if there are any, are of no rule's concern."""
    if report.status is not WindowStatus.VIOLATIONS:
        return None
    of_monitor = (rule for rule in rules.rules if rule.monitor == report.monitor)
    return next((rule for rule in of_monitor if _moved(report, rule.check) >= rule.features), None)


def obstacle(wanted: Decide, report: WindowReport, rules: DriftRules, situation: Situation) -> Because:
    """Why the rule does not have its way; ``RULE`` where it has."""
    if situation.serving != report.artefact_digest:
        return Because.OTHER_MODEL
    if wanted is not Decide.RETRAIN:
        return Because.RULE
    if situation.running is not None:
        return Because.IN_PROGRESS
    if cools_down(rules, situation.last_retrained_at, situation.now):
        return Because.COOL_DOWN
    if not situation.new_data.quarters or situation.tried is not None:
        return Because.NOTHING_NEW
    if situation.new_data.cases < rules.minimum_new_cases:
        return Because.TOO_LITTLE_NEW_DATA
    return Because.RULE


def needs_new_data(report: WindowReport, rules: DriftRules, situation: Situation) -> bool:
    """Whether what is new must be known at all: counting it takes reading archives."""
    rule = first_match(report, rules)
    return rule is not None and obstacle(Decide(rule.decide), report, rules, situation) in (
        Because.NOTHING_NEW,
        Because.TOO_LITTLE_NEW_DATA,
    )


def cools_down(rules: DriftRules, last_retrained_at: datetime | None, now: datetime) -> bool:
    return last_retrained_at is not None and now < last_retrained_at + timedelta(seconds=rules.cool_down_seconds)


def _moved(report: WindowReport, check: str | None) -> int:
    return len({violation.feature for violation in report.violations if check in (None, violation.check)})
