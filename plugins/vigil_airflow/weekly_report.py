"""The task that writes the weekly report, and the button that opens it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperator, BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import TaskInstanceKey


class WeeklyReportLink(BaseOperatorLink):
    """Opens the run's report, which Airflow itself serves to those who may read the DAG."""

    name = "Weekly report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        return f"/vigil/weekly/{quote(ti_key.dag_id, safe='')}/{quote(ti_key.run_id, safe='')}"


class WeeklyReportOperator(BaseOperator):
    """Writes the report of ``window`` from what is recorded and from this run's ``results``; returns its address."""

    template_fields: Sequence[str] = ("window", "results")
    operator_extra_links = (WeeklyReportLink(),)

    def __init__(self, *, window: Mapping[str, Any], results: Iterable[Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window = window
        self.results = results

    def execute(self, context: Context) -> str:
        from vigil_airflow import monitor_steps

        place = monitor_steps.write_weekly(self.window, list(self.results))
        self.log.info("the report is at %s, and in the tab Weekly report of this run", place)
        return place
