"""What a DAG run's tasks have left behind: pages read it from the run itself, never from a request."""

from __future__ import annotations


def left_by(dag_id: str, run_id: str, task_id: str | None, key: str) -> str | None:
    """The newest XCom of that key, as text; None where there is none. ``task_id``: None for any task."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        query = XComModel.get_many(run_id=run_id, key=key, task_ids=task_id, dag_ids=dag_id)
        found = session.scalars(query).first()
        return None if found is None else str(XComModel.deserialize_value(found))
