"""Judge a dataset by a named profile of quality rules. The rules are data, in ``quality_profiles.yaml``.

Most rules depend on the dataset alone; their results are a part of the version. Rules about drift compare with the last
release, so they are judged at the gate only: the same data must give the same version whatever was released before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from vigil.datasets.drift import compare
from vigil.datasets.models import DatasetProfile, Measurements

Bound = int | float | str
Severity = Literal["error", "warning"]
DRIFT = "drift."  # how metrics begin that compare with the last release


class QualityRule(BaseModel):
    """A bound on one metric, or on the share of values of the column ``codes`` that are not ``allowed``.

    A warning is told and shown; only an error stops a release.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    reason: str
    metric: str | None = None
    codes: str | None = None
    allowed: tuple[str, ...] = ()
    min: Bound | None = None
    max: Bound | None = None
    severity: Severity = "error"

    @model_validator(mode="after")
    def _check_subject(self) -> Self:
        if (self.metric is None) == (self.codes is None):
            raise ValueError(f"the rule {self.name!r} must name either a metric or codes")
        if self.min is None and self.max is None:
            raise ValueError(f"the rule {self.name!r} bounds nothing: give min or max")
        return self

    @property
    def subject(self) -> str:
        return self.metric or f"share of {self.codes} outside its code set"

    @property
    def compares(self) -> bool:
        """Whether it needs the last release."""
        return self.metric is not None and self.metric.startswith(DRIFT)

    @property
    def bound(self) -> str:
        if self.min is not None and self.max is not None:
            return f"from {self.min} to {self.max}"
        return f"at least {self.min}" if self.max is None else f"at most {self.max}"


class QualityResult(BaseModel):
    """What one rule found. One that was not ``judged``, for want of an earlier release, neither passed nor failed."""

    model_config = ConfigDict(frozen=True)

    rule: str
    subject: str
    measured: Bound | None
    bound: str
    passed: bool
    reason: str
    severity: Severity = "error"
    judged: bool = True


class QualityReport(BaseModel):
    """What each rule of ``profile`` found. ``compared_with``: the version of the last release, at the gate."""

    model_config = ConfigDict(frozen=True)

    profile: str
    results: tuple[QualityResult, ...]
    compared_with: str | None = None

    @property
    def failures(self) -> tuple[QualityResult, ...]:
        return self._missed("error")

    @property
    def warnings(self) -> tuple[QualityResult, ...]:
        return self._missed("warning")

    def _missed(self, severity: Severity) -> tuple[QualityResult, ...]:
        return tuple(
            result for result in self.results if result.judged and not result.passed and result.severity == severity
        )

    def raise_for_failures(self) -> None:
        """Raise ``QualityError`` listing every failing rule with its value and bound, if there is one."""
        if not self.failures:
            return
        lines = [
            f"- {failure.rule}: {failure.subject} is {failure.measured}, wanted {failure.bound} ({failure.reason})"
            for failure in self.failures
        ]
        raise QualityError(
            f"{len(lines)} of {len(self.results)} quality rules of the profile {self.profile!r} failed:\n"
            + "\n".join(lines)
            + "\nNothing was released. Look at the archives named in provenance.json, or change a bound with a reason.",
            self,
        )


class QualityError(Exception):
    """Quality rules failed; the message lists each with its value and bound. ``report`` has all results."""

    def __init__(self, message: str, report: QualityReport | None = None) -> None:
        super().__init__(message)
        self.report = report


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    reason: str
    min: Bound | None = None
    max: Bound | None = None
    severity: Severity | None = None


class QualityProfile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str
    changes: tuple[_Change, ...]

    def rules(self, common: tuple[QualityRule, ...]) -> tuple[QualityRule, ...]:
        """The common rules with this profile's bounds and reasons."""
        changes = {change.name: change for change in self.changes}
        return tuple(
            rule.model_copy(update=changes[rule.name].model_dump(exclude_none=True)) if rule.name in changes else rule
            for rule in common
        )


class QualityProfiles(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[QualityRule, ...]
    profiles: dict[str, QualityProfile]

    @model_validator(mode="after")
    def _check_changes(self) -> Self:
        names = {rule.name for rule in self.rules}
        for profile, content in self.profiles.items():
            if unknown := {change.name for change in content.changes} - names:
                raise ValueError(f"the profile {profile} changes rules that do not exist: {sorted(unknown)}")
        return self


@cache
def load_profiles() -> QualityProfiles:
    text = resources.files("vigil.datasets").joinpath("quality_profiles.yaml").read_text(encoding="utf-8")
    return QualityProfiles.model_validate(yaml.safe_load(text))


def profile_named(name: str) -> tuple[QualityRule, ...]:
    """The rules of a profile. Raises ``QualityError`` for a name that does not exist."""
    profiles = load_profiles()
    if name not in profiles.profiles:
        raise QualityError(f"no quality profile is named {name!r}: choose one of {', '.join(profiles.profiles)}")
    return profiles.profiles[name].rules(profiles.rules)


def judge(measurements: Measurements | Mapping[str, Any], profile: str) -> QualityReport:
    """What every rule of ``profile`` finds that depends on the dataset alone, failing ones included."""
    if not isinstance(measurements, Measurements):
        measurements = Measurements.model_validate(measurements)
    rules = (rule for rule in profile_named(profile) if not rule.compares)
    return QualityReport(profile=profile, results=tuple(_apply(rule, measurements) for rule in rules))


def judge_release(
    measurements: Measurements,
    profile: str,
    found: DatasetProfile,
    last: DatasetProfile | None = None,
    last_version: str | None = None,
) -> QualityReport:
    """What every rule of ``profile`` finds, those about drift from the ``last`` release included."""
    alone = judge(measurements, profile)
    metrics = {} if last is None else drift_metrics(last, found)
    drifted = Measurements(metrics=metrics, codes={})
    rules = (rule for rule in profile_named(profile) if rule.compares)
    compared = (_apply(rule, drifted).model_copy(update={"judged": last is not None}) for rule in rules)
    return QualityReport(profile=profile, results=(*alone.results, *compared), compared_with=last_version)


def drift_metrics(last: DatasetProfile, found: DatasetProfile) -> dict[str, float | int | str | None]:
    """``drift.<column>.distance`` and ``drift.<column>.missing`` of every column that both profiles have."""
    metrics: dict[str, float | int | str | None] = {}
    for name, drift in compare(last, found).items():
        metrics |= {f"{DRIFT}{name}.distance": drift.distance, f"{DRIFT}{name}.missing": drift.missing}
    return metrics


def check(measurements: Measurements | Mapping[str, Any], profile: str) -> QualityReport:
    """The report when every rule passes; else ``QualityError`` listing every failing rule."""
    report = judge(measurements, profile)
    report.raise_for_failures()
    return report


def _apply(rule: QualityRule, measurements: Measurements) -> QualityResult:
    measured = _measured(rule, measurements)
    passed = measured is not None and _within(measured, rule)
    return QualityResult(
        rule=rule.name,
        subject=rule.subject,
        measured=measured,
        bound=rule.bound,
        passed=passed,
        reason=rule.reason,
        severity=rule.severity,
    )


def _measured(rule: QualityRule, measurements: Measurements) -> Bound | None:
    if rule.metric is not None:
        return measurements.metrics.get(rule.metric)
    counts = measurements.codes.get(rule.codes or "", {})
    total = sum(counts.values())
    outside = sum(count for code, count in counts.items() if code not in rule.allowed)
    return round(outside / total, 6) if total else None


def _within(measured: Bound, rule: QualityRule) -> bool:
    for bound, below in ((rule.min, True), (rule.max, False)):
        if bound is None:
            continue
        if isinstance(measured, str) != isinstance(bound, str):
            return False
        if (measured < bound) if below else (measured > bound):  # type: ignore[operator]
            return False
    return True
