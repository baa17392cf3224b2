"""The four monitors by name."""

from __future__ import annotations

from vigil.change_control.models import EvaluationRules
from vigil.change_control.monitoring_rules import MonitoringRules
from vigil.models.artefact import TriageModel
from vigil.monitoring.attribution import AttributionMonitor
from vigil.monitoring.bias import BiasMonitor
from vigil.monitoring.data_quality_monitor import DataQualityMonitor
from vigil.monitoring.findings import MonitorOf
from vigil.monitoring.model_quality import ModelQualityMonitor
from vigil.monitoring.models import Monitor

#: These judge by ground truth, or would if there were any.
LABELLED = frozenset({Monitor.MODEL_QUALITY, Monitor.BIAS})


def make_monitor(
    monitor: Monitor, rules: MonitoringRules, evaluation: EvaluationRules, model: TriageModel
) -> MonitorOf:
    """A monitor that judges by the plan's rules; only attribution asks the model anything."""
    match monitor:
        case Monitor.DATA_QUALITY:
            return DataQualityMonitor(rules.data_quality)
        case Monitor.MODEL_QUALITY:
            return ModelQualityMonitor(rules.model_quality, evaluation)
        case Monitor.BIAS:
            return BiasMonitor(rules.bias)
        case Monitor.ATTRIBUTION:
            return AttributionMonitor(rules.attribution, model)
