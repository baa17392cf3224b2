"""Types of monitoring: a window of what an endpoint answered, what a monitor found in it, what was decided about it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vigil.digests import Sha256, digest_of
from vigil.models.models import Measure
from vigil.moments import Moment

#: EventBridge's names of what the analyzer announces.
EVENT_SOURCE = "vigil.monitoring"
WINDOW_EVENT = "Monitoring Window Completed"

#: An event has 256 KiB (EventBridge quotas); the report keeps every violation, event and table the first.
VIOLATIONS_TOLD = 100
ID_DIGITS = 16
STAMP = "%Y%m%dT%H%M%SZ"


class Monitor(StrEnum):
    """The four monitors; the names are those of folders, schedules, jobs and events."""

    DATA_QUALITY = "data-quality"
    MODEL_QUALITY = "model-quality"
    BIAS = "bias"
    ATTRIBUTION = "attribution"


class WindowStatus(StrEnum):
    """``TOO_FEW``: fewer cases, or fewer labels, than the plan lets a monitor judge by; that is no all-clear."""

    OK = "ok"
    VIOLATIONS = "violations"
    TOO_FEW = "too-few"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Window(_Frozen):
    """From ``start`` up to, without, ``end``: whole seconds, UTC."""

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Window:
        if self.start >= self.end:
            raise ValueError("a window ends after it starts")
        if self.start.microsecond or self.end.microsecond:
            raise ValueError("a window starts and ends at whole seconds")
        return self

    @property
    def key(self) -> str:
        """Names the window in folders, jobs and the table; sorts as windows do."""
        return "-".join(f"{moment.astimezone(UTC):{STAMP}}" for moment in (self.start, self.end))

    @classmethod
    def parse(cls, key: str) -> Window:
        """Reads what ``key`` gives. Raises ``ValueError``."""
        start, _, end = key.partition("-")
        moments = [datetime.strptime(text, STAMP).replace(tzinfo=UTC) for text in (start, end)]
        return cls(start=moments[0], end=moments[1])


class Violation(_Frozen):
    """One constraint that a window broke.

    ``feature``: the column, measure or facet (``sex=F``); ``check``: Model Monitor's or Clarify's
    ``constraint_check_type``; ``metric``: what was measured (``js_distance``, ``auroc``, ``DPL``). ``measured`` and
    ``limit`` are in the metric's own unit. ``description`` is for people and holds no case's content.
    """

    feature: str = Field(min_length=1, max_length=300)
    check: str = Field(min_length=1, max_length=100)
    metric: str = Field(min_length=1, max_length=100)
    measured: float | None = None
    limit: float | None = None
    description: str = Field(min_length=1, max_length=1000)


class LabelCounts(_Frozen):
    """What became of the ground truth of a window. Counts are of cases; nothing is dropped without being counted.

    ``late``: labels that arrived after the window's end, used all the same. ``duplicate``: the same label again.
    ``contradictory``: cases with both labels; the one that arrived last counts. ``unknown``: labels for inferences or
    cases that nobody captured; ``not_looked_for``: for cases that are not in the window, when the search for them
    ended at its limit. ``unreadable``: lines that are no ground truth.
    """

    scored: int = 0
    labelled: int = 0
    late: int = 0
    duplicate: int = 0
    contradictory: int = 0
    unknown: int = 0
    not_looked_for: int = 0
    unreadable: int = 0

    @property
    def coverage(self) -> float | None:
        """Share of scored cases that have a label; None where nothing was scored."""
        return self.labelled / self.scored if self.scored else None


class WindowReport(_Frozen):
    """What one monitor says about one window: ``window.json`` beside the monitor's reports, and the event's detail.

    ``measures`` are the monitor's headline figures by name (``auroc``, ``ndcg``, ``largest_distance``), with an
    interval where there is one. ``report_uri``: S3 prefix of the files, ending in ``/``. ``violation_count`` is exact
    where ``violations`` is cut.
    """

    format: Literal["vigil.monitoring-window/1"] = "vigil.monitoring-window/1"
    endpoint: str = Field(min_length=1)
    monitor: Monitor
    window: Window
    status: WindowStatus
    cases: int = Field(ge=0)
    labels: LabelCounts | None = None
    measures: dict[str, Measure] = Field(default_factory=dict)
    violation_count: int = Field(ge=0)
    violations: tuple[Violation, ...] = ()
    note: str = ""
    artefact_digest: Sha256
    baseline_digest: Sha256
    plan_digest: Sha256
    report_uri: str
    finished_at: Moment

    @property
    def id(self) -> str:
        """The same for every event about this endpoint, monitor, window and model: what repeated events are told by."""
        return window_id(self.endpoint, self.monitor, self.window, self.artefact_digest)

    def told(self) -> WindowReport:
        """As the event and the table carry it."""
        return self.model_copy(update={"violations": self.violations[:VIOLATIONS_TOLD]})


class Decide(StrEnum):
    RETRAIN = "retrain"
    INVESTIGATE = "investigate"
    IGNORE = "ignore"


class Because(StrEnum):
    """Why the decision is what it is; all but ``RULE`` and ``OVERRIDDEN`` keep a retraining from starting."""

    RULE = "rule"  # the plan's rule as it stands
    IN_PROGRESS = "retraining-in-progress"  # coalesced into the one that runs
    COOL_DOWN = "cool-down"
    NOTHING_NEW = "nothing-new"  # no quarter that the model in service, and the last candidate, was not trained on
    TOO_LITTLE_NEW_DATA = "too-little-new-data"
    OTHER_MODEL = "other-model"  # the window is about a model that no longer serves
    OVERRIDDEN = "overridden"  # by an entitled person


class NewData(_Frozen):
    """Labelled cases that the model in service was not trained on. ``archives``: what to retrain on."""

    quarters: tuple[str, ...] = ()
    cases: int = Field(default=0, ge=0)
    archives: tuple[str, ...] = ()
    profile: str = "full"

    def is_same(self, other: NewData) -> bool:
        """The same archives with as many cases: a quarter that was uploaded anew under its name has others."""
        return (self.archives, self.cases) == (other.archives, other.cases)


class DriftDecision(_Frozen):
    """The drift decision record: one for each endpoint, monitor, window and model, in the ledger and in the table.

    ``window_sha256``: of ``window.json`` as it was read for the decision.
    ``rule``: name of the plan's rule that matched, ``wanted`` what it says; ``decide`` what was decided,
    ``because`` why. ``coalesced_into``: the decision whose retraining runs, None where others train.
    ``asking``: ARN of the execution that asks Airflow, marked before it does, so that whoever decides otherwise in
    that moment meets it. ``dag_run_id``: of the ``build_dataset`` run that was asked for. ``overridden_by``: who,
    after signing in.
    """

    format: Literal["vigil.drift-decision/1"] = "vigil.drift-decision/1"
    decision_id: str
    report: WindowReport
    window_sha256: Sha256 | None = None
    rule: str
    wanted: Decide
    decide: Decide
    because: Because
    explanation: str = Field(min_length=1, max_length=4000)
    may_override: tuple[str, ...]
    new_data: NewData = NewData()
    coalesced_into: str | None = None
    asking: str | None = None
    dag_run_id: str | None = None
    decided_at: Moment
    overridden_by: str | None = None
    override_reason: str | None = Field(default=None, max_length=2000)
    overridden_at: Moment | None = None


def window_id(endpoint: str, monitor: Monitor, window: Window, artefact_digest: str) -> str:
    """With the model: what is found about one that serves no more must not stand for what its successor does."""
    return digest_of([endpoint, str(monitor), window.key, artefact_digest])[:ID_DIGITS]
