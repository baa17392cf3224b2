"""Types of what people are shown of a model in service. Nothing here is about one case."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from vigil.models.models import Measure
from vigil.monitoring.models import DriftDecision, LabelCounts, Monitor, Violation, Window, WindowReport, WindowStatus
from vigil.monitoring.verdicts import Verdict

FEATURES_LISTED = 50  # of a ranking, by the attribution monitor
SMALLEST_COUNT = 5  # cases of one value, as statistical offices hold it


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Standing(_Frozen):
    """One monitor at a glance. ``since``: start of the first window of the unbroken run with this status.

    ``latest`` is None where the monitor has not run for the model that serves.
    """

    monitor: Monitor
    latest: WindowReport | None = None
    since: datetime | None = None
    windows: int = 0

    @property
    def status(self) -> WindowStatus | None:
        return self.latest.status if self.latest else None


class GridRow(_Frozen):
    """``earlier_model``: the window is about a model that no longer serves."""

    window: Window
    reports: dict[Monitor, WindowReport]
    earlier_model: bool


class Bar(_Frozen):
    """Shares from 0 to 1; None where that side has it not, or in fewer than ``SMALLEST_COUNT`` cases."""

    label: str
    baseline: float | None
    window: float | None


class Moved(_Frozen):
    """One column whose distribution moved, or one that was asked for. ``distance``: as the monitor measures it."""

    feature: str
    distance: float | None
    violated: bool
    bars: tuple[Bar, ...]
    words: str = ""


class Point(_Frozen):
    window: Window
    measure: Measure
    verdict: Verdict


class Trend(_Frozen):
    """One measure over the windows of the model that serves, the oldest first. ``share``: written as percent."""

    name: str
    title: str
    baseline: float | None
    points: tuple[Point, ...]
    share: bool = False


class RankedFeature(_Frozen):
    """A feature's place by mean absolute attribution (1 is the strongest), and its share of the sum of all.

    None on a side where it is not among the first ``FEATURES_LISTED``, which are all that is kept.
    """

    feature: str
    baseline_rank: int | None
    window_rank: int | None
    baseline_share: float | None
    window_share: float | None


class LabelRow(_Frozen):
    window: Window
    counts: LabelCounts


class Serving(_Frozen):
    """What is recorded as in service at the endpoint."""

    endpoint: str
    model_package_arn: str
    artefact_digest: str
    baseline_digest: str | None = None
    dataset_version: str | None = None
    run_key: str | None = None
    since: datetime | None = None


class WindowFiles(_Frozen):
    """What the files of the newest windows hold of distributions and attributions, beside the baseline's."""

    moved: tuple[Moved, ...] = ()
    moved_in: Window | None = None
    ranking: tuple[RankedFeature, ...] = ()
    ranked_in: Window | None = None
    baseline_measures: dict[str, float] = Field(default_factory=dict)
    problems: tuple[str, ...] = ()


class Schedule(_Frozen):
    """What runs the monitors by themselves. ``expression``: in AWS's dialect of cron."""

    home: str
    expression: str


class WindowDetail(_Frozen):
    """``baseline_differs``: the report was judged against another baseline than the one that is pinned now."""

    report: WindowReport
    decision: DriftDecision | None
    files: WindowFiles
    baseline_differs: bool = False


class Overview(_Frozen):
    """``bias_broken``: of the last window; a group has more metrics than are drawn."""

    serving: Serving
    standings: tuple[Standing, ...]
    grid: tuple[GridRow, ...]
    performance: tuple[Trend, ...]
    coverage: tuple[LabelRow, ...]
    bias: tuple[Trend, ...]
    bias_broken: tuple[Violation, ...]
    files: WindowFiles
    decisions: tuple[DriftDecision, ...]

    @property
    def violated(self) -> list[Standing]:
        return [each for each in self.standings if each.status is WindowStatus.VIOLATIONS]

    @property
    def quiet(self) -> bool:
        """No monitor was violated, but not every one could judge: no all-clear."""
        return not self.violated and any(each.status is not WindowStatus.OK for each in self.standings)

    @property
    def new(self) -> bool:
        """No monitor has run for the model that serves, as after each change of it."""
        return all(each.status is None for each in self.standings)

    @property
    def label_rows(self) -> list[tuple[Window, LabelCounts]]:
        """The newest first."""
        return [(each.window, each.counts) for each in reversed(self.coverage)]
