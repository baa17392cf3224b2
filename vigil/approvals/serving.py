"""What a request stands beside: the model in service, now, and as it was when the request was opened and signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vigil.approvals.models import ApprovalRequest, Served, Status
from vigil.moments import timestamp

NOT_RECORDED = (
    "What served when this request was decided is not recorded. Beside it stands what serves now, which may be this "
    "very model: see the ledger for what it was compared with."
)


@dataclass(frozen=True)
class ServingRecord:
    """What the endpoint serves, as recorded when it was put there."""

    model_package_arn: str
    approval_request_id: str
    since: str


class Serving(Protocol):
    def serving(self) -> ServingRecord | None:
        """None where nothing serves yet."""


def witnessed(earlier: Sequence[Served], record: ServingRecord | None, at: datetime) -> list[Served]:
    """``earlier`` with what serves ``at`` that moment, where it is another than the last."""
    found = Served(at=at)
    if record is not None:
        found = Served(
            at=at,
            model_package_arn=record.model_package_arn,
            approval_request_id=record.approval_request_id,
            since=record.since,
        )
    return [*earlier] if earlier and _same(earlier[-1], found) else [*earlier, found]


@dataclass(frozen=True)
class Beside:
    """``record``: with what a request is shown. ``words``: which that is, where it needs saying."""

    record: ServingRecord | None
    words: str | None


def beside(request: ApprovalRequest, serving: Serving) -> Beside:
    """While it waits, what serves now; afterwards what served when it was last signed, or opened: an inspector asks
    what the signers compared with."""
    if request.status is Status.PENDING:
        now = serving.serving()
        return Beside(now, _since_then(request, now))
    if not request.served:
        return Beside(serving.serving(), NOT_RECORDED)
    last = request.served[-1]
    return Beside(_record(last), _as_it_was(request))


def _since_then(request: ApprovalRequest, now: ServingRecord | None) -> str | None:
    if not request.served or _record(request.served[-1]) == now:
        return None
    return (
        f"What serves has changed since the request was {_last_act(request)}: "
        f"{_name(request.served[-1])} served then, and stood beside the candidate."
    )


def _as_it_was(request: ApprovalRequest) -> str:
    words = f"Beside it stands what served when the request was {_last_act(request)}: {_name(request.served[-1])}."
    for earlier, later in zip(request.served, request.served[1:], strict=False):
        words += f" Until {timestamp(later.at)} it stood beside {_name(earlier)}."
    return words + " Another model may serve now."


def _last_act(request: ApprovalRequest) -> str:
    if not request.signatures:
        return f"opened, {timestamp(request.created_at)}"
    return f"last signed, {timestamp(request.signatures[-1].signed_at)}"


def _name(served: Served) -> str:
    return served.model_package_arn or "no model"


def _same(one: Served, other: Served) -> bool:
    return _record(one) == _record(other)


def _record(served: Served) -> ServingRecord | None:
    if not served.model_package_arn:
        return None
    return ServingRecord(served.model_package_arn, served.approval_request_id, served.since)
