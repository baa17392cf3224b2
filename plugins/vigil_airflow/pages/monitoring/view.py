"""What the templates are given: the overview with its plots drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from vigil.monitoring.plots import bars, trend
from vigil.monitoring.shown import Bar, Moved, Overview, RankedFeature, Trend, WindowDetail
from vigil.monitoring.verdicts import Verdict, verdict_of
from vigil_airflow.pages.monitoring.wording import UNLISTED

PLOTTED = 12  # distributions; the rest are in the table


@dataclass(frozen=True)
class MovedView:
    found: Moved
    svg: Markup


@dataclass(frozen=True)
class TrendView:
    found: Trend
    svg: Markup


@dataclass(frozen=True)
class RankingView:
    rows: tuple[RankedFeature, ...]
    svg: Markup


@dataclass(frozen=True)
class EndpointView:
    overview: Overview
    moved: list[MovedView]
    performance: list[TrendView]
    bias: list[TrendView]
    ranking: RankingView | None

    @classmethod
    def of(cls, overview: Overview) -> EndpointView:
        return cls(
            overview=overview,
            moved=[_moved(each) for each in overview.files.moved if each.violated][:PLOTTED],
            performance=[_trend(each) for each in overview.performance],
            bias=[_trend(each) for each in overview.bias],
            ranking=_ranking(overview.files.ranking),
        )


@dataclass(frozen=True)
class WindowView:
    detail: WindowDetail
    verdicts: dict[str, Verdict]
    moved: list[MovedView]
    ranking: RankingView | None

    @classmethod
    def of(cls, detail: WindowDetail) -> WindowView:
        moved = [_moved(each) for each in detail.files.moved[:PLOTTED]]
        verdicts = {name: verdict_of(detail.report, name) for name in detail.report.measures}
        return cls(detail=detail, verdicts=verdicts, moved=moved, ranking=_ranking(detail.files.ranking))


def next_run(expression: str, now: datetime) -> datetime | None:
    """The next moment of ``cron(m h dom mon dow year)`` in AWS's dialect; None for what only AWS can tell.

    AWS counts the days of the week from 1, Sunday (EventBridge Scheduler guide, "Cron-based schedules").
    """
    from croniter import croniter

    fields = expression.removeprefix("cron(").removesuffix(")").split()
    if not expression.startswith("cron(") or len(fields) != 6 or fields[5] != "*":
        return None
    minute, hour, day, month, weekday = ("*" if each == "?" else each for each in fields[:5])
    if any(sign in f"{day}{weekday}" for sign in "LW#"):
        return None
    weekday = "".join(str(int(sign) - 1) if sign.isdigit() else sign for sign in weekday)
    text = " ".join((minute, hour, day, month, weekday))
    if not croniter.is_valid(text):
        return None
    found = croniter(text, now.astimezone(UTC)).get_next(datetime)
    return found if isinstance(found, datetime) else None


def _moved(found: Moved) -> MovedView:
    return MovedView(found, Markup(bars(found.feature, found.bars)))  # noqa: S704 - drawn by us, words escaped


def _trend(found: Trend) -> TrendView:
    return TrendView(found, Markup(trend(found)))  # noqa: S704


def _ranking(rows: tuple[RankedFeature, ...]) -> RankingView | None:
    if not rows:
        return None
    shares = [Bar(label=row.feature, baseline=row.baseline_share, window=row.window_share) for row in rows]
    drawn = bars("Share of the attribution by feature", shares, UNLISTED)
    return RankingView(rows, Markup(drawn))  # noqa: S704
