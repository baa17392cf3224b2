"""``GET /vigil/monitoring`` and, of one monitor's window, ``/vigil/monitoring/{window}/{monitor}``: they only read."""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Request, Response

from vigil.monitoring.models import Monitor, Window
from vigil.monitoring.window_files import WindowFileError
from vigil_airflow.pages import access
from vigil_airflow.pages.approvals.services import NowDep
from vigil_airflow.pages.monitoring import view, wording
from vigil_airflow.pages.monitoring.services import ReaderDep
from vigil_airflow.pages.rendering import page
from vigil_airflow.pages.told import ToldRoute

router = APIRouter(route_class=ToldRoute)


@router.get("/monitoring")
def show_monitoring(request: Request, user: GetUserDep, reader: ReaderDep, now: NowDep) -> Response:
    access.refuse_unless_reader(user)
    shown = [view.EndpointView.of(each) for each in reader.overviews()]
    schedule = reader.schedule()
    return page(
        request, "monitoring.html.j2", words=wording, endpoints=shown, schedule=schedule,
        next_run=view.next_run(schedule.expression, now), now=now,
    )  # fmt: skip


@router.get("/monitoring/{key}/{monitor}")
def show_window(key: str, monitor: str, request: Request, user: GetUserDep, reader: ReaderDep, now: NowDep) -> Response:
    access.refuse_unless_reader(user)
    try:
        window, which = Window.parse(key), Monitor(monitor)
    except ValueError:
        raise HTTPException(404, "the address names no window of a monitor: open it from the Monitoring page") from None
    try:
        found = reader.window(window, which)
    except WindowFileError as error:
        raise HTTPException(503, str(error)) from None
    if found is None:
        raise HTTPException(404, f"the monitor {which} has no report about this window")
    return page(request, "monitoring_window.html.j2", words=wording, shown=view.WindowView.of(found), now=now)
