"""Judge measurements by a named profile of quality rules. The rules are data, in ``quality_profiles.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from vigil.datasets.models import Measurements

Bound = int | float | str


class QualityRule(BaseModel):
    """A bound on one metric, or on the share of values of the column ``codes`` that are not ``allowed``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    reason: str
    metric: str | None = None
    codes: str | None = None
    allowed: tuple[str, ...] = ()
    min: Bound | None = None
    max: Bound | None = None

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
    def bound(self) -> str:
        if self.min is not None and self.max is not None:
            return f"from {self.min} to {self.max}"
        return f"at least {self.min}" if self.max is None else f"at most {self.max}"


class QualityResult(BaseModel):
    model_config = ConfigDict(frozen=True)

    rule: str
    subject: str
    measured: Bound | None
    bound: str
    passed: bool
    reason: str


class QualityReport(BaseModel):
    """What each rule of ``profile`` found."""

    model_config = ConfigDict(frozen=True)

    profile: str
    results: tuple[QualityResult, ...]

    @property
    def failures(self) -> tuple[QualityResult, ...]:
        return tuple(result for result in self.results if not result.passed)

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
    """What every rule of ``profile`` finds, failing ones included."""
    if not isinstance(measurements, Measurements):
        measurements = Measurements.model_validate(measurements)
    results = tuple(_apply(rule, measurements) for rule in profile_named(profile))
    return QualityReport(profile=profile, results=results)


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
