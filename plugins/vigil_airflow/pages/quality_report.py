"""``GET /vigil/quality/{dag_id}/{run_id}``: the quality report of a `build_dataset` run.

Where the report lies is read from the run's own XCom, never from the request, and must be where runs stage.
The page has no script; the policy that goes with it forbids one all the same. Airflow shows a plugin's tab on the runs
of every DAG (``external_views`` has no filter by DAG), so those of others say where the report is.
"""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from vigil_airflow.pages.run_values import left_by
from vigil_airflow.pages.told import ToldRoute

router = APIRouter(route_class=ToldRoute)

DAG_ID, TASK_ID, KEY = "build_dataset", "land", "staging"
STAGING = "staging/"
ELSEWHERE = f"The report on a dataset is in the same tab of the run of {DAG_ID} that built it"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@router.get("/quality/{dag_id}/{run_id:path}", response_class=HTMLResponse)
def quality_report(dag_id: str, run_id: str, user: GetUserDep) -> HTMLResponse:
    """The report of one run; 403 where the user may not read the DAG's results, 404 where there is none yet."""
    if dag_id != DAG_ID:
        raise HTTPException(404, f"the DAG {dag_id} has no quality report: only {DAG_ID} has. {ELSEWHERE}")
    details = DagDetails(id=dag_id)
    if not get_auth_manager().is_authorized_dag(
        method="GET", access_entity=DagAccessEntity.XCOM, details=details, user=user
    ):
        raise HTTPException(403, f"your role may not read the results of {dag_id}")
    staging = _staging(run_id)
    if staging is None:
        raise HTTPException(404, f"the run {run_id} has staged nothing: its task {TASK_ID} has not ended well")
    return HTMLResponse(_report(staging), headers=HEADERS)


def _staging(run_id: str) -> str | None:
    return left_by(DAG_ID, run_id, TASK_ID, KEY)


def _report(staging: str) -> bytes:
    from vigil.aws.environment import load_parameters
    from vigil.aws.objects import ObjectError, S3Uri, get_bytes
    from vigil.datasets.report.page import REPORT_FILE

    try:
        place = S3Uri.parse(staging)
        # A person may edit an XCom: whatever it says, nothing else is shown than what a run has staged.
        if place.bucket != load_parameters().buckets.datasets or not place.key.startswith(STAGING):
            raise HTTPException(404, f"the run's task {TASK_ID} names no staged dataset")
        return get_bytes(place / REPORT_FILE)
    except ObjectError:
        raise HTTPException(404, "there is no report yet: the task check writes it") from None
