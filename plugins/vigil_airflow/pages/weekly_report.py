"""``GET /vigil/weekly/{dag_id}/{run_id}``: the weekly report of a `watch_model` run.

As with the quality report: where it lies is read from the run's own XCom, never from the request, and must be where
weekly reports are kept; the page has no script, and the policy that goes with it forbids one.
"""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from vigil_airflow.pages.quality_report import HEADERS
from vigil_airflow.pages.run_values import left_by
from vigil_airflow.pages.told import ToldRoute

router = APIRouter(route_class=ToldRoute)

DAG_ID, TASK_ID = "watch_model", "weekly_report"


@router.get("/weekly/{dag_id}/{run_id:path}", response_class=HTMLResponse)
def weekly_report(dag_id: str, run_id: str, user: GetUserDep) -> HTMLResponse:
    """The report of one run; 403 where the user may not read the DAG's results, 404 where there is none yet."""
    if dag_id != DAG_ID:
        raise HTTPException(404, f"the DAG {dag_id} has no weekly report: only the runs of {DAG_ID} have one")
    if not get_auth_manager().is_authorized_dag(
        method="GET", access_entity=DagAccessEntity.XCOM, details=DagDetails(id=dag_id), user=user
    ):
        raise HTTPException(403, f"your role may not read the results of {dag_id}")
    place = _place(run_id)
    if place is None:
        raise HTTPException(404, f"the run {run_id} has no report yet: its task {TASK_ID} has not ended well")
    return HTMLResponse(_report(place), headers=HEADERS)


def _place(run_id: str) -> str | None:
    return left_by(DAG_ID, run_id, TASK_ID, "return_value")


def _report(address: str) -> bytes:
    from vigil.aws.environment import load_parameters
    from vigil.aws.monitoring_places import weekly_reports
    from vigil.aws.objects import ObjectError, S3Uri, get_bytes

    try:
        place, parameters = S3Uri.parse(address), load_parameters()
        # A person may edit an XCom: whatever it says, nothing else is shown than what a run has written.
        kept = weekly_reports(parameters, parameters.sagemaker.endpoint)
        if place.bucket != kept.bucket or place.key != f"{kept.key}{place.name}":
            raise HTTPException(404, f"the run's task {TASK_ID} names no weekly report")
        return get_bytes(place)
    except ObjectError:
        raise HTTPException(404, "the report is no longer there: clear the task weekly_report") from None
