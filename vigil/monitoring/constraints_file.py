"""``constraints.json`` and ``constraint_violations.json`` in the form of SageMaker Model Monitor.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vigil.change_control.monitoring_rules import DataQualityRules
from vigil.monitoring.columns import BY_NAME
from vigil.monitoring.models import Violation
from vigil.monitoring.numbers import NumberProfile
from vigil.monitoring.profile import ColumnProfile, Profile
from vigil.monitoring.values import is_hidden

MOST_DOMAIN = 100  # "for small cardinality"


def constraints_of(baseline: Profile, rules: DataQualityRules) -> dict[str, Any]:
    """What the baseline lets a window's columns be, by the plan's rules.

    Model Monitor's thresholds hold the plan's limits; what it has no field for stands in ``vigil``. Its method
    ``Robust`` asks for significance besides the distance, as ours does.
    """
    return {
        "version": 0.0,
        "features": [_feature(name, column) for name, column in baseline.columns.items()],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": rules.unknown_share_rise,
            "domain_content_threshold": rules.unknown_share_rise,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": rules.distance,
                "comparison_method": "Robust",
                "categorical_comparison_threshold": rules.distance,
                "categorical_drift_method": "ChiSquared",
            },
        },
        "vigil": rules.model_dump(mode="json"),
    }


def violations_document(violations: Sequence[Violation]) -> dict[str, Any]:
    """Each violation as Model Monitor tells it, and our own figures beside that."""
    return {
        "violations": [
            {
                "feature_name": violation.feature,
                "constraint_check_type": violation.check,
                "description": violation.description,
                "vigil": {"metric": violation.metric, "measured": violation.measured, "limit": violation.limit},
            }
            for violation in violations
        ]
    }


def _feature(name: str, column: ColumnProfile) -> dict[str, Any]:
    rows = column.present + column.missing + column.mistyped
    feature: dict[str, Any] = {
        "name": name,
        "inferred_type": BY_NAME[name].type if column.present else "Unknown",
        "completeness": column.present / rows if rows else 0.0,
    }
    if isinstance(column, NumberProfile):
        feature["num_constraints"] = {"is_non_negative": column.bounds is None or column.bounds[0] >= 0}
    elif column.distinct <= MOST_DOMAIN and not column.error:
        feature["string_constraints"] = {"domains": [value for value in sorted(column.counts) if not is_hidden(value)]}
    return feature
