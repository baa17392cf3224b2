"""What the page needs from outside, each made in one place; tests put theirs in by ``dependency_overrides``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from typing import Annotated

from airflow.configuration import conf
from fastapi import Depends

from vigil.approvals.desk import Desk
from vigil_airflow.pages.approvals.forms import FormGuard


@cache
def desk() -> Desk:
    """The desk behind its function. The client has time-outs; the routes run in threads, so that nothing else waits."""
    from vigil.aws.desk_client import desk_client
    from vigil.aws.environment import load_parameters

    return desk_client(load_parameters())


def signer_map() -> str:
    """Read anew each time: who is taken off it may not sign a minute later."""
    from vigil.aws.environment import load_parameters

    return load_parameters().people.airflow_signers


def guard() -> FormGuard:
    return FormGuard(conf.get_mandatory_value("api", "secret_key"), time.time)


def clock() -> datetime:
    return datetime.now(UTC)


def own_address() -> str:
    return conf.get("api", "base_url", fallback="") or ""


DeskDep = Annotated[Desk, Depends(desk)]
SignerMapDep = Annotated[str, Depends(signer_map)]
GuardDep = Annotated[FormGuard, Depends(guard)]
NowDep = Annotated[datetime, Depends(clock)]
