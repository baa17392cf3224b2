"""What Airflow loads in each of its processes: thin, since every task pays for it.

Operators, triggers, links and pages live in the package ``vigil_airflow`` beside this file; who uses them imports them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin
from vigil_airflow.pages.lazy import LazyApplication


class VigilPlugin(AirflowPlugin):
    name = "vigil"
    fastapi_apps: ClassVar[list[Any]] = [
        {"app": LazyApplication("vigil_airflow.pages.app:app"), "url_prefix": "/vigil", "name": "Vigil"}
    ]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Approvals",
            "href": "/vigil/approvals",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "approvals",
            "icon": "/vigil/static/approvals.svg",
            "icon_dark_mode": "/vigil/static/approvals_dark.svg",
        },
        {
            "name": "Monitoring",
            "href": "/vigil/monitoring",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "monitoring",
            "icon": "/vigil/static/monitoring.svg",
            "icon_dark_mode": "/vigil/static/monitoring_dark.svg",
        },
        {
            "name": "Models",
            "href": "/vigil/models",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "models",
            "icon": "/vigil/static/models.svg",
            "icon_dark_mode": "/vigil/static/models_dark.svg",
        },
        {
            "name": "Quality report",
            "href": "/vigil/quality/{DAG_ID}/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "quality-report",
        },
        {
            "name": "Weekly report",
            "href": "/vigil/weekly/{DAG_ID}/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "weekly-report",
        },
        {
            "name": "State machine",
            "href": "/vigil/state-machine/{DAG_ID}/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "state-machine",
        },
        {
            "name": "State machine",
            "href": "/vigil/state-machine/{DAG_ID}/{RUN_ID}/{TASK_ID}",
            "destination": "task_instance",
            "url_route": "state-machine-ti",
        },
    ]
