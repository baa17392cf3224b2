"""Makes the schedules be as the endpoint is: there while it serves a model with a baseline, gone when it is.

Called by the endpoint's events, which may be lost or come early, each minute by the sweep, and by whoever has just
recorded another model as serving. Every call looks at everything anew, so none of them matters by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from vigil.aws.endpoint_restoration import NO_ENDPOINT
from vigil.aws.monitored_model import NoBaselineError, NothingServesError, ServedModel, served_model
from vigil.aws.monitoring_schedules import MonitoringSchedules
from vigil.moments import Clock
from vigil.monitoring.models import Monitor

logger = logging.getLogger(__name__)

#: DescribeEndpoint's EndpointStatus. While it is being changed it serves what it served.
SERVES = {"InService", "Updating", "RollingBack", "SystemUpdating"}
ENDS = {"Deleting"}
ABSENT = "absent"
#: Both homes run a monitor at least once a day; two runs that told nothing are no accident.
OVERDUE_AFTER = timedelta(hours=50)


class Watched(BaseModel):
    """``status``: the endpoint's, or ``absent``. ``schedules``: what was done, by monitor. ``overdue``: see there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    status: str
    schedules: dict[str, str] = {}
    overdue: list[str] = []
    note: str = ""


@dataclass(frozen=True)
class WatchPorts:
    """``home``: whose schedules are wanted; ``others``: of the homes that are not, to be deleted.

    ``sagemaker``: boto3 client. ``told``: when each monitor last told of a window, by monitor.
    """

    sagemaker: Any
    serving: Mapping[str, str]
    home: MonitoringSchedules
    others: tuple[MonitoringSchedules, ...]
    told: Mapping[str, datetime]
    clock: Clock


def watch(endpoint: str, ports: WatchPorts) -> Watched:
    status = endpoint_status(endpoint, ports.sagemaker)
    if status in {ABSENT, *ENDS}:
        done = _deleted(ports.home, ports.others)
        return Watched(endpoint=endpoint, status=status, schedules=done)
    try:
        served = served_model(ports.serving)
    except NothingServesError as error:  # its first model is about to be marked active; the next look sees it
        return Watched(endpoint=endpoint, status=status, note=str(error))
    except NoBaselineError as error:
        return Watched(
            endpoint=endpoint, status=status, schedules=ports.home.delete(), overdue=list(Monitor), note=str(error)
        )
    if status not in SERVES:  # Failed, Creating: what is there stays, a failed endpoint is put back by others
        return Watched(endpoint=endpoint, status=status, note=f"the endpoint is {status}: schedules stay as they are")
    gone = _others_deleted(ports.others)
    done = ports.home.ensure(served)
    overdue = overdue_monitors(served, ports.told, ports.clock())
    note = f"schedules of another home deleted: {', '.join(sorted(gone))}" if gone else ""
    return Watched(endpoint=endpoint, status=status, schedules=done, overdue=overdue, note=note)


def endpoint_status(endpoint: str, sagemaker: Any) -> str:
    """``absent`` where SageMaker says that there is none."""
    try:
        return str(sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"])
    except ClientError as error:
        if NO_ENDPOINT.match(error.response["Error"].get("Message", "")):
            return ABSENT
        raise


def overdue_monitors(served: ServedModel, told: Mapping[str, datetime], now: datetime) -> list[str]:
    """Which monitors have told of no window for too long, counted from when the model went into service."""
    last = {monitor.value: max(told.get(monitor.value, served.since), served.since) for monitor in Monitor}
    return [monitor for monitor, moment in last.items() if now - moment > OVERDUE_AFTER]


def _deleted(home: MonitoringSchedules, others: Iterable[MonitoringSchedules]) -> dict[str, str]:
    return home.delete() | _others_deleted(others)


def _others_deleted(others: Iterable[MonitoringSchedules]) -> dict[str, str]:
    """What a home left that the stack had before. One that this account may not use has left nothing."""
    done: dict[str, str] = {}
    for other in others:
        try:
            done |= other.delete()
        except ClientError as error:
            logger.warning("schedules of another home could not be looked for: %s", error.response["Error"]["Code"])
    return done
