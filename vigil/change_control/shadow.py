"""What a challenger did in the shadow, and the plan's rules on it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vigil.change_control.rollout_rules import PairedTestRules, ShadowRules
from vigil.models.models import Measure

Verdict = Literal["passed", "turned-away", "not-judged"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShadowFindings(_Frozen):
    """``requests`` and ``errors``: copies that the challenger got, and those that failed; ``unreadable``: captured
    answers of it that are none (a failed request may be one of them). Latencies are means in microseconds, from the
    second minute on, None where nothing was measured.

    ``pairs``: requests that both answered, ``cases`` in them, ``mean_difference`` of their probabilities in absolute
    value. ``labelled``: cases among them whose label has arrived; ``auroc_difference``: challenger minus champion.
    """

    requests: int = Field(ge=0)
    errors: int = Field(ge=0)
    unreadable: int = Field(default=0, ge=0)
    champion_latency: float | None = None
    challenger_latency: float | None = None
    pairs: int = Field(default=0, ge=0)
    cases: int = Field(default=0, ge=0)
    mean_difference: float | None = None
    labelled: int = Field(default=0, ge=0)
    auroc_difference: Measure | None = None

    @property
    def failed(self) -> int:
        return max(self.errors, self.unreadable)

    @property
    def error_share(self) -> float:
        return self.failed / self.requests if self.requests else 0.0

    @property
    def latency_ratio(self) -> float | None:
        if self.challenger_latency is None or not self.champion_latency:
            return None
        return self.challenger_latency / self.champion_latency


class Judgement(_Frozen):
    """``reason`` is a sentence for people; it holds figures only."""

    verdict: Verdict
    reason: str


def judge_shadow(found: ShadowFindings, rules: ShadowRules, paired: PairedTestRules) -> Judgement:
    """With fewer than the rules' requests, or answers of both to compare, nothing is judged: the canary decides.

    That is no praise, and what is broken without a comparison still turns it away.
    """
    if found.requests < rules.minimum_requests:
        return Judgement(
            verdict="not-judged",
            reason=f"{found.requests} requests reached the shadow, needed are {rules.minimum_requests}: not judged",
        )
    broken = [each for each in (*_service(found, rules), _answers(found, rules), _labels(found, paired)) if each]
    if broken:
        return Judgement(verdict="turned-away", reason="; ".join(broken))
    if found.pairs < rules.minimum_requests or not found.cases:
        return Judgement(
            verdict="not-judged",
            reason=f"{found.requests} requests reached the shadow, but only {found.pairs} answers ({found.cases} "
            f"cases) could be compared with the champion's, needed are {rules.minimum_requests}: not judged",
        )
    latency = "" if found.latency_ratio is not None else "; its latency was not measured and is not judged"
    return Judgement(
        verdict="passed", reason=f"{found.requests} requests, {found.cases} cases compared: within the plan{latency}"
    )


def _service(found: ShadowFindings, rules: ShadowRules) -> tuple[str, str]:
    errors = latency = ""
    if found.error_share > rules.largest_error_share:
        errors = (
            f"{found.failed} of {found.requests} requests failed ({found.error_share:.1%}), "
            f"allowed are {rules.largest_error_share:.1%}"
        )
    ratio = found.latency_ratio
    if ratio is not None and ratio > rules.largest_latency_ratio:
        latency = f"it took {ratio:.2f} times as long as the champion, allowed are {rules.largest_latency_ratio:g}"
    return errors, latency


def _answers(found: ShadowFindings, rules: ShadowRules) -> str:
    if found.mean_difference is None or found.mean_difference <= rules.largest_mean_difference:
        return ""
    return (
        f"its probabilities are off the champion's by {found.mean_difference:.3f} on average over {found.cases} cases, "
        f"allowed are {rules.largest_mean_difference:g}"
    )


def _labels(found: ShadowFindings, paired: PairedTestRules) -> str:
    measure = found.auroc_difference
    if measure is None or measure.high is None or measure.high >= -paired.margin:
        return ""
    return (
        f"on {found.labelled} labelled cases its AUROC differs by {measure.value} "
        f"({measure.low} to {measure.high}), all of it below -{paired.margin:g}"
    )
