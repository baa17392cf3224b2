"""Airflow's REST API through MWAA (``InvokeRestApi``): ask for a run of a DAG, and what became of it.

https://docs.aws.amazon.com/mwaa/latest/userguide/access-mwaa-apache-airflow-rest-api.html. MWAA gives up on an answer
after 10 seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.aws.environment import CONNECT_TIMEOUT_SECONDS

READ_TIMEOUT_SECONDS = 40  # MWAA itself waits 10 for Airflow
CONFLICT, NOT_FOUND, TOO_MANY, SERVER_ERROR = 409, 404, 429, 500
NONE = "none"
TRANSIENT = {"ThrottlingException", "InternalServerException", "RestApiServerException", "ServiceUnavailableException"}


class AirflowUnavailableError(Exception):
    """Airflow, or MWAA before it, did not answer: try again. Step Functions matches this class by its name."""


class AirflowRefusedError(Exception):
    """Airflow answered, and said no: the same question would be refused again."""


@dataclass(frozen=True)
class Follower:
    """A DAG run that an asset event started."""

    dag_id: str
    run_id: str
    state: str


@dataclass(frozen=True)
class Announced:
    """An asset event of a DAG run, and the runs that it has started so far."""

    at: datetime
    started: tuple[Follower, ...]


class MwaaAirflow:
    """``client`` is a boto3 ``mwaa`` client; ``environment`` the environment's name, or ``none``."""

    def __init__(self, client: Any, environment: str) -> None:
        self._client = client
        self._environment = environment

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> bool:
        """Ask for a run; false where one of that name is there already, which is no error.

        Raises ``AirflowUnavailableError`` and ``AirflowRefusedError``.
        """
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        return self._ask("POST", f"/dags/{dag_id}/dagRuns", absent=CONFLICT, Body=body) is not None

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """``queued``, ``running``, ``success`` or ``failed``; None where there is no such run."""
        run = self._ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}", absent=NOT_FOUND)
        return None if run is None else str(run["state"])

    def announced(self, dag_id: str, run_id: str) -> list[Announced]:
        """The asset events of a run."""
        query = {"source_dag_id": dag_id, "source_run_id": run_id}
        found = self._ask("GET", "/assets/events", absent=NOT_FOUND, QueryParameters=query)
        return [_announced(event) for event in (found or {}).get("asset_events", [])]

    def _ask(self, method: str, path: str, absent: int, **more: Any) -> dict[str, Any] | None:
        """None where Airflow answers with the status ``absent``."""
        if self._environment == NONE:
            raise AirflowRefusedError("no MWAA environment is named: deploy the stack with AirflowEnvironment")
        try:
            answer = self._client.invoke_rest_api(Name=self._environment, Path=path, Method=method, **more)
        except ClientError as error:
            code, status = error.response["Error"]["Code"], int(error.response.get("RestApiStatusCode", 0))
            if status == absent:
                return None
            if code in TRANSIENT or status == TOO_MANY or status >= SERVER_ERROR:
                raise AirflowUnavailableError(f"{method} {path}: {code}: {_said(error, status)}") from error
            raise AirflowRefusedError(f"{method} {path}: {code}: {_said(error, status)}") from error
        except BotoCoreError as error:
            raise AirflowUnavailableError(f"{method} {path}: no answer ({type(error).__name__})") from error
        document = answer["RestApiResponse"]
        return document if isinstance(document, dict) else {}


def mwaa_client() -> Any:
    """Asked once: who calls repeats it, with a limit of its own."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": 1}
    return boto3.client(
        "mwaa",
        config=Config(connect_timeout=CONNECT_TIMEOUT_SECONDS, read_timeout=READ_TIMEOUT_SECONDS, retries=retries),
    )


def _announced(event: Mapping[str, Any]) -> Announced:
    runs = event.get("created_dagruns", [])
    started = tuple(Follower(str(run["dag_id"]), str(run["run_id"]), str(run["state"])) for run in runs)
    return Announced(datetime.fromisoformat(str(event["timestamp"])), started)


def _said(error: ClientError, status: int) -> str:
    said = error.response.get("RestApiResponse")
    detail = said.get("detail") if isinstance(said, dict) else None
    return f"status {status}, {str(detail)[:300]}" if status else str(error.response["Error"].get("Message", ""))[:300]
