"""The dossier: everything an approver sees about one request, beside the model in service. Data only, no layout."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from vigil.change_control.models import Plan, Seat
from vigil.models.models import Evaluation
from vigil.moments import Moment


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FilledSeat(_Frozen):
    """A seat of the plan, and who has signed in it (None: it waits). ``deputies_may_sign``: it was escalated."""

    seat: Seat
    printed_name: str | None = None
    signed_at: Moment | None = None
    deputies_may_sign: bool = False


class Change(_Frozen):
    """One thing that differs from the model in service; ``before`` is None where nothing serves."""

    what: str
    before: str | None
    after: str


class DatasetSummary(_Frozen):
    """A released dataset version: ``quarters``, cases in each split, and the largest shifts against the version before.

    ``drift``: (column, distance, in words), largest first; ``compared_with`` is that version before, None where there
    was none. ``profile``: the kind of data. ``problem``: what of this could not be read, and why.
    """

    version: str
    released_at: Moment | None
    quarters: list[str]
    cases: dict[str, int]
    warnings: list[str]
    drift: list[tuple[str, float, str]]
    profile: str | None = None
    compared_with: str | None = None
    problem: str | None = None


class ServingModel(_Frozen):
    """What a request stands beside: what serves now, or served then (``Dossier.beside``).

    ``evaluation`` is None where it cannot be read any more; ``problem`` says why.
    """

    model_package_arn: str
    approval_request_id: str
    since: str
    signed_by: list[str]
    evaluation: Evaluation | None
    problem: str | None = None


class Dossier(_Frozen):
    """``request``: as ``ApprovalRequest.public()``. ``evaluation`` is None where the evidence does not hold; then
    ``problem`` says why, and nobody can approve. ``verified``: for each signature, whether it verifies now.
    ``drift_from_serving``: as ``DatasetSummary.drift``, from the serving model's dataset version to this one's.
    ``beside``: which model in service is meant, in words; None while the request waits and what serves is as it was."""

    request: dict[str, object]
    plan: Plan | None
    evaluation: Evaluation | None
    problem: str | None
    seats: list[FilledSeat]
    verified: list[bool]
    serving: ServingModel | None
    beside: str | None = None
    dataset: DatasetSummary | None
    serving_dataset: DatasetSummary | None
    drift_from_serving: list[tuple[str, float, str]] = Field(default_factory=list)
    changes: list[Change]
    known_limits: list[str]
