"""The data-quality monitor behind the form that the four share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vigil.change_control.monitoring_rules import DataQualityRules
from vigil.monitoring.constraints_file import constraints_of, violations_document
from vigil.monitoring.data_quality import compare
from vigil.monitoring.distributions import compared_document
from vigil.monitoring.findings import Document, Findings, ScoredCase
from vigil.monitoring.models import LabelCounts, WindowStatus
from vigil.monitoring.observed import observed_batches
from vigil.monitoring.profile import Profile
from vigil.monitoring.statistics_file import profile_of, statistics_of


class DataQualityMonitor:
    def __init__(self, rules: DataQualityRules) -> None:
        self._rules = rules

    def statistics(self, cases: Iterable[ScoredCase]) -> Document:
        return statistics_of(Profile.of(observed_batches((case.report, case.score) for case in cases)))

    def constraints(self, statistics: Document) -> Document:
        return constraints_of(profile_of(statistics), self._rules)

    def judge(self, statistics: Document, baseline: Document, labels: LabelCounts | None) -> Findings:
        window = profile_of(statistics)
        found = compare(profile_of(baseline), window, self._rules)
        compared: dict[str, Any] = {name: compared_document(column) for name, column in found.columns.items()}
        few = found.status is WindowStatus.TOO_FEW
        return Findings(
            status=found.status,
            measures=found.measures,
            violations=found.violations,
            entries=tuple(violations_document(found.violations)["violations"]),
            note=f"{window.rows} cases, {self._rules.minimum_cases} are needed" if few else "",
            statistics={**statistics, "vigil": {**statistics["vigil"], "compared": compared}},
        )
