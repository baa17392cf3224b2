"""``GET /vigil/state-machine/{dag_id}/{run_id}[/{task_id}]`` is the tab, ``/vigil/state-machine-data/…`` what it shows.

Who may see the DAG's task instances sees states, times and errors; inputs, outputs and causes only who may read the
DAG's XComs, where the same data may be read. Every text has gone through the one redactor.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from vigil_airflow.pages.state_machine import run_execution
from vigil_airflow.pages.state_machine.files import files_version
from vigil_airflow.pages.told import ToldRoute

if TYPE_CHECKING:
    from vigil.aws.execution_view import ExecutionReader

router = APIRouter()
shells = APIRouter(route_class=ToldRoute)  # what people open; the data are for the script

NO_MACHINES = frozenset({"build_dataset", "watch_model"})  # Airflow shows a tab on the runs of every DAG

HEADERS = {
    # Everything is our own file; the script asks this server only.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>State machine of {title}</title>
<link rel="stylesheet" href="{files}/style.css">
<script type="module" src="{files}/app.js"></script>
</head>
<body data-source="{source}" data-approvals="{approvals}">
<noscript>This page draws with a script of its own. Without it, read the task's log: it tells each state.</noscript>
<main>
<div id="page"><h1>State machine</h1><p>Reading the execution…</p></div>
<p id="news" class="unseen" role="status" aria-live="polite"></p>
</main>
</body>
</html>
"""


@shells.get("/state-machine/{dag_id}/{run_id}", response_class=HTMLResponse)
def of_run(dag_id: str, run_id: str, request: Request, user: GetUserDep) -> HTMLResponse:
    return _shell(request, user, dag_id, run_id, None)


@shells.get("/state-machine/{dag_id}/{run_id}/{task_id}", response_class=HTMLResponse)
def of_task(dag_id: str, run_id: str, task_id: str, request: Request, user: GetUserDep) -> HTMLResponse:
    return _shell(request, user, dag_id, run_id, task_id)


@router.get("/state-machine-data/{dag_id}/{run_id}")
def data_of_run(dag_id: str, run_id: str, request: Request, user: GetUserDep) -> Response:
    return _answer(request, user, dag_id, run_id, None)


@router.get("/state-machine-data/{dag_id}/{run_id}/{task_id}")
def data_of_task(dag_id: str, run_id: str, task_id: str, request: Request, user: GetUserDep) -> Response:
    return _answer(request, user, dag_id, run_id, task_id)


router.include_router(shells)


def _shell(request: Request, user: Any, dag_id: str, run_id: str, task_id: str | None) -> HTMLResponse:
    _refuse_unless_seer(user, dag_id)
    if dag_id in NO_MACHINES:
        raise HTTPException(
            404, f"the DAG {dag_id} starts no state machine: what it does are its tasks, in Airflow's own graph"
        )
    base = str(request.scope.get("root_path", "")).rstrip("/")
    place = "/".join(quote(part, safe="") for part in (dag_id, run_id, task_id) if part is not None)
    text = SHELL.format(
        title=escape(f"{dag_id}, {run_id}"),
        files=escape(f"{base}/state-machine-files/{files_version()}"),
        source=escape(f"{base}/state-machine-data/{place}"),
        approvals=escape(f"{base}/approvals/"),
    )
    return HTMLResponse(text, headers=HEADERS)


def _answer(request: Request, user: Any, dag_id: str, run_id: str, task_id: str | None) -> Response:
    _refuse_unless_seer(user, dag_id)
    going = run_execution.run_is_going(dag_id, run_id)
    if going is None:
        raise HTTPException(404, f"{dag_id} has no run {run_id}")
    arn = run_execution.execution_of(dag_id, run_id, task_id)
    body = _body(arn, going, _may(user, dag_id, DagAccessEntity.XCOM))
    tag = f'"{_digest(body)}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**HEADERS, "ETag": tag})
    return Response(body, media_type="application/json", headers={**HEADERS, "ETag": tag})


def _body(arn: str | None, going: bool, may_read: bool) -> bytes:
    from botocore.exceptions import BotoCoreError, ClientError

    from vigil.aws.execution_view import ExecutionGoneError
    from vigil.digests import canonical_json

    views, notice = [], ""
    try:
        if arn is not None:
            views = reader().read_with_nested(arn, run_execution.is_ours)
    except ExecutionGoneError as error:
        notice = str(error)
    except (ClientError, BotoCoreError) as error:
        # The text of an AWS error may quote what was asked; its class is enough for a person to act on.
        raise HTTPException(
            503, f"Step Functions did not answer ({type(error).__name__}): nothing was changed, look again in a minute"
        ) from None
    shown = [view if may_read else view.without_data() for view in views]
    # An execution may outlive its DAG run, and a run may start one yet.
    waiting = arn is None and going
    return canonical_json(
        {
            "executions": [view.model_dump(mode="json") for view in shown],
            "may_read": may_read,
            "notice": notice,
            # Asked again until all of it is told: the end may be known before the last states' events are.
            "running": waiting or not all(view.complete for view in views),
        }
    )


def _refuse_unless_seer(user: Any, dag_id: str) -> None:
    if not _may(user, dag_id, DagAccessEntity.TASK_INSTANCE):
        raise HTTPException(403, f"your role may not see the runs of {dag_id}")


def _may(user: Any, dag_id: str, entity: DagAccessEntity) -> bool:
    manager = get_auth_manager()
    return bool(manager.is_authorized_dag(method="GET", access_entity=entity, details=DagDetails(id=dag_id), user=user))


def _digest(body: bytes) -> str:
    from vigil.digests import sha256_hex

    return sha256_hex(body)


@cache
def reader() -> ExecutionReader:
    """One for the server: what it has read of an execution serves all who look at it."""
    from vigil.aws.environment import aws_client
    from vigil.aws.execution_view import ExecutionReader

    return ExecutionReader(aws_client("stepfunctions"))
