"""How monitors, verdicts and decisions are written on the page. Words only: what is markup is in the templates."""

from __future__ import annotations

from vigil.monitoring.models import Because, Decide, Monitor, Window
from vigil.monitoring.shown import FEATURES_LISTED
from vigil.monitoring.verdicts import FIGURES as FIGURE_VERDICTS
from vigil.monitoring.verdicts import NOT_RUN as NO_VERDICT
from vigil.monitoring.verdicts import WINDOWS

#: As page and weekly report say them alike.
VERDICTS, FIGURES, NOT_RUN = WINDOWS, FIGURE_VERDICTS, NO_VERDICT

MONITORS = {
    Monitor.DATA_QUALITY: "Data quality",
    Monitor.MODEL_QUALITY: "Model quality",
    Monitor.BIAS: "Bias",
    Monitor.ATTRIBUTION: "Feature attribution",
}
QUESTIONS = {
    Monitor.DATA_QUALITY: "Are the reports like those the model was tested on?",
    Monitor.MODEL_QUALITY: "Are the answers still as right, where the truth is known?",
    Monitor.BIAS: "Are groups of patients still treated as they were?",
    Monitor.ATTRIBUTION: "Do the same features still decide?",
}
DECISIONS = {
    Decide.RETRAIN: "Retrain",
    Decide.INVESTIGATE: "Investigate",
    Decide.IGNORE: "Ignore",
}
#: What `vigil drift override` takes.
OVERRIDES = tuple(Decide)
REASONS = {
    Because.RULE: "the plan's rule says so",
    Because.IN_PROGRESS: "a retraining was under way already, which this alarm joined",
    Because.COOL_DOWN: "the cool-down after the last retraining had not passed",
    Because.NOTHING_NEW: "there was no data that the model in service was not trained on",
    Because.TOO_LITTLE_NEW_DATA: "too few labelled cases were new",
    Because.OTHER_MODEL: "the window is about a model that no longer serves",
    Because.OVERRIDDEN: "a person decided otherwise",
}
LABELS = {
    "scored": "scored",
    "labelled": "labelled",
    "late": "late",
    "duplicate": "duplicate",
    "contradictory": "contradictory",
    "unknown": "unknown",
    "unreadable": "unreadable",
}
UNLISTED = f"not among the first {FEATURES_LISTED}"
HOMES = {
    "model-monitor": "SageMaker's monitoring schedules",
    "scheduler": "EventBridge Scheduler",
}


def window_name(window: Window) -> str:
    """``23 Feb to 2 Mar 2026``; with the hours, in UTC, where they are not both midnight."""
    whole_days = not any((each.hour, each.minute, each.second) != (0, 0, 0) for each in (window.start, window.end))
    start, end = (f"{each.day} {each:%b}" for each in (window.start, window.end))
    if window.start.year != window.end.year:
        start = f"{start} {window.start.year}"
    if window.start.date() == window.end.date():
        return f"{end} {window.end.year}, {window.start:%H:%M} to {window.end:%H:%M} UTC"
    if whole_days:
        return f"{start} to {end} {window.end.year}"
    return f"{start} {window.start:%H:%M} to {end} {window.end.year} {window.end:%H:%M} UTC"
