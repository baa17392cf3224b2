"""The gate between curation and release, and the button that opens its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperator, BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import TaskInstanceKey


class QualityReportLink(BaseOperatorLink):
    """Opens the run's report, which Airflow itself serves to those who may read the DAG."""

    name = "Quality report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        return f"/vigil/quality/{quote(ti_key.dag_id, safe='')}/{quote(ti_key.run_id, safe='')}"


class QualityGateOperator(BaseOperator):
    """Judges what a curation left at ``staging``. Fails, for good, naming each rule that failed."""

    template_fields: Sequence[str] = ("staging",)
    operator_extra_links = (QualityReportLink(),)

    def __init__(self, *, staging: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.staging = staging

    def execute(self, context: Context) -> dict[str, Any]:
        from vigil_airflow import dataset_steps

        return dataset_steps.check_quality(self.staging)
