"""The plan's rules of how a signed model comes into service beside the one that serves."""

from __future__ import annotations

from pydantic import Field

from vigil.change_control.parts import Part, Share, Text
from vigil.models.models import Split

#: What starts a release waits for its end: train-and-promote and roll-back give a week, and a day for the rest.
LONGEST_SHADOW_SECONDS = 7 * 86_400


class ShadowRules(Part):
    """A challenger answers copies of requests, and nobody gets its answers, for ``seconds``.

    It is turned away above ``largest_error_share`` of failed answers, above ``largest_latency_ratio`` of the champion's
    mean latency, or where its probabilities are off the champion's by ``largest_mean_difference`` on average. With
    fewer than ``minimum_requests`` nothing is judged, and the canary decides.
    """

    seconds: int = Field(ge=1, le=LONGEST_SHADOW_SECONDS)
    minimum_requests: int = Field(ge=1)
    largest_error_share: Share
    largest_latency_ratio: float = Field(ge=1)
    largest_mean_difference: Share
    reason: Text


class CanaryRules(Part):
    """``percent`` of the traffic goes to the challenger first, for ``bake_seconds``; an alarm then puts it back.

    Bounds of SageMaker's deployment guardrails: at most half of the capacity, at most an hour.
    """

    percent: int = Field(ge=1, le=50)
    bake_seconds: int = Field(ge=1, le=3600)
    reason: Text


class PairedTestRules(Part):
    """Champion and challenger on the same labelled rows: the challenger's ``split``, which neither was trained on.

    It is turned away where the whole 95 % interval of the difference in AUROC lies below ``-margin``.
    """

    split: Split
    margin: Share
    reason: Text
