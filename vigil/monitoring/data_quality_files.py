"""What the data-quality monitor writes: Model Monitor's three files, the same bytes for the same input.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-outputs.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vigil.change_control.monitoring_rules import DataQualityRules
from vigil.monitoring.constraints_file import constraints_of, violations_document
from vigil.monitoring.data_quality import DataQuality
from vigil.monitoring.distributions import Compared
from vigil.monitoring.models import Violation
from vigil.monitoring.profile import Profile
from vigil.monitoring.statistics_file import StatisticsError, profile_of, statistics_of

STATISTICS, CONSTRAINTS, VIOLATIONS = "statistics.json", "constraints.json", "constraint_violations.json"


def write_baseline(folder: Path, baseline: Profile, rules: DataQualityRules) -> None:
    """``statistics.json`` and ``constraints.json``."""
    write_json(folder / STATISTICS, statistics_of(baseline))
    write_json(folder / CONSTRAINTS, constraints_of(baseline, rules))


def write_window(folder: Path, baseline: Profile, window: Profile, found: DataQuality, rules: DataQualityRules) -> None:
    """All three; ``statistics.json`` holds the compared distributions too (``vigil.monitoring.moved`` reads them)."""
    statistics = statistics_of(window)
    statistics["vigil"]["compared"] = {name: compared_document(compared) for name, compared in found.columns.items()}
    write_json(folder / STATISTICS, statistics)
    write_json(folder / CONSTRAINTS, constraints_of(baseline, rules))
    write_violations(folder, found.violations)


def write_violations(folder: Path, violations: Sequence[Violation]) -> None:
    write_json(folder / VIOLATIONS, violations_document(violations))


def read_profile(path: Path) -> Profile:
    """Of a ``statistics.json``. Raises ``StatisticsError``, ``OSError``."""
    try:
        return profile_of(json.loads(path.read_bytes()))
    except json.JSONDecodeError as error:
        raise StatisticsError(f"{path.name} is no JSON ({error}): make the baseline again") from error


def write_json(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def compared_document(compared: Compared) -> dict[str, Any]:
    return {
        "labels": list(compared.labels),
        "baseline": [round(share, 6) for share in compared.baseline],
        "window": [round(share, 6) for share in compared.window],
        "distance": round(compared.distance, 6),
    }
