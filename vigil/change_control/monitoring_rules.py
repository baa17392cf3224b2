"""The plan's rules of what is monitored, and of what drift leads to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vigil.change_control.parts import Part, Share, Text


class DataQualityRules(Part):
    """A column has drifted when chance alone gives such a difference less often than ``alpha`` (over all looks at a
    window together, Bonferroni) and the difference matters.

    ``distance``: Jensen-Shannon distance (base 2, 0 to 1); ``share_change``: of the reports that hold one value, term,
    drug or sender; ``completeness_drop``: of the share of reports that fill a column; ``unknown_share_rise``: of the
    values that the baseline never saw, beyond those it lets expect, and of values of another type or out of its range.
    """

    minimum_cases: int = Field(ge=1)
    alpha: Annotated[float, Field(gt=0, lt=1)]
    distance: Share
    share_change: Share
    completeness_drop: Share
    unknown_share_rise: Share
    reason: Text


class ModelQualityRules(Part):
    """Against the baseline, and only where the window's whole 95 % interval lies beyond the drop or rise."""

    minimum_labelled: int = Field(ge=1)
    minimum_coverage: Share
    auroc_drop: Share
    average_precision_drop: Share
    brier_rise: Share
    calibration_error_rise: Share
    reason: Text


class BiasRules(Part):
    """``largest_change`` of a bias metric against the baseline's, beyond what chance gives at ``alpha``."""

    minimum_facet_cases: int = Field(ge=1)
    alpha: Annotated[float, Field(gt=0, lt=1)]
    largest_change: Share
    reason: Text


class AttributionRules(Part):
    """``ndcg_at_least``: of the window's ranking of features against the baseline's, over ``sample_cases`` cases."""

    minimum_cases: int = Field(ge=1)
    sample_cases: int = Field(ge=1, le=20_000)
    ndcg_at_least: Share
    reason: Text


class MonitoringRules(Part):
    """``window_seconds``: how much of the past one window holds when a monitor runs by itself.

    ``labels_come_within_seconds``: until when the ground truth of a case is there; what needs labels and runs by itself
    looks at windows that ended so long ago. Plans from before this rule mean a week.
    """

    window_seconds: int = Field(ge=3600)
    labels_come_within_seconds: int = Field(default=604_800, ge=0, le=7_776_000)
    data_quality: DataQualityRules
    model_quality: ModelQualityRules
    bias: BiasRules
    attribution: AttributionRules
    reason: Text


class DriftRule(Part):
    """Of one monitor's window in which at least ``features`` broke a limit: what is to be done. The first match rules.

    Features are columns, measures or facets (``Violation.feature``): one that broke several limits counts once.
    ``check``: only violations of this check count (``Violation.check``); without it, all do.
    """

    name: Text
    monitor: Literal["data-quality", "model-quality", "bias", "attribution"]
    check: Text | None = None
    features: int = Field(ge=1)
    decide: Literal["retrain", "investigate", "ignore"]
    reason: Text


class DriftRules(Part):
    """What violations lead to. Drift never changes what is in service: it can only ask for a candidate.

    ``cool_down_seconds``: from one decision to retrain to the next; ``minimum_new_cases``: labelled ones that the model
    in service was not trained on; ``override_roles``: whose holders may decide otherwise, signed in.
    """

    rules: list[DriftRule] = Field(min_length=1)
    cool_down_seconds: int = Field(ge=0)
    minimum_new_cases: int = Field(ge=1)
    override_roles: list[Text] = Field(min_length=1)
    reason: Text

    @model_validator(mode="after")
    def _names_are_distinct(self) -> DriftRules:
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        return self
