"""The one application that the plugin mounts at ``/vigil``; a router for each page."""

from __future__ import annotations

from fastapi import FastAPI

from vigil_airflow.pages import quality_report, static_files, weekly_report
from vigil_airflow.pages.approvals import routes as approvals
from vigil_airflow.pages.models import routes as models
from vigil_airflow.pages.monitoring import routes as monitoring
from vigil_airflow.pages.state_machine import files as state_machine_files
from vigil_airflow.pages.state_machine import routes as state_machine

app = FastAPI(title="Vigil", docs_url=None, redoc_url=None, openapi_url=None)
app.include_router(quality_report.router)
app.include_router(weekly_report.router)
app.include_router(static_files.router)
app.include_router(approvals.router)
app.include_router(monitoring.router)
app.include_router(models.router)
app.include_router(state_machine.router)
app.include_router(state_machine_files.router)
