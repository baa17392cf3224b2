"""Airflow's public REST API, as far as the demo watches and starts runs through it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from vigil.cli.demo.state import DemoError

TERMINAL = frozenset({"success", "failed"})


@dataclass(frozen=True)
class DagRun:
    run_id: str
    state: str


@dataclass(frozen=True)
class TaskInstance:
    task_id: str
    state: str | None
    started: str | None
    ended: str | None


class AirflowApi:
    """A session with Airflow's API server (https://airflow.apache.org/docs, stable REST API v2)."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._user = user
        self._password = password
        self._client = httpx.Client(base_url=url, timeout=30)

    def close(self) -> None:
        self._client.close()

    def healthy(self) -> bool:
        """True once the database, scheduler, dag-processor and triggerer all report healthy."""
        try:
            response = self._client.get("/api/v2/monitor/health")
        except httpx.TransportError:
            return False
        if response.status_code != httpx.codes.OK:
            return False
        return all(part.get("status") == "healthy" for part in response.json().values())

    def wait_until_ready(self, dag_ids: tuple[str, ...], limit_seconds: float, check: Callable[[], None]) -> None:
        """Await health and the named DAGs. ``check`` may raise where waiting has become pointless."""
        deadline = time.monotonic() + limit_seconds
        while not (self.healthy() and all(self._knows(dag_id) for dag_id in dag_ids)):
            check()
            if time.monotonic() > deadline:
                raise DemoError(self._why_not_ready(dag_ids, limit_seconds))
            time.sleep(1)

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        self._request("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)

    def run(self, dag_id: str, run_id: str) -> DagRun:
        answer = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
        return DagRun(answer["dag_run_id"], answer["state"])

    def runs_since(self, dag_id: str, moment: str) -> list[DagRun]:
        """Runs queued at or after an ISO time, oldest first."""
        query = {"run_after_gte": moment, "order_by": "run_after", "limit": 20}
        answer = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns", params=query)
        return [DagRun(run["dag_run_id"], run["state"]) for run in answer["dag_runs"]]

    def active_runs(self, dag_id: str) -> list[str]:
        """Ids of the runs that are queued or running."""
        query = {"state": ["queued", "running"], "limit": 100}
        answer = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns", params=query)
        return [run["dag_run_id"] for run in answer["dag_runs"]]

    def mark_failed(self, dag_id: str, run_id: str) -> None:
        """End a run as a person does in the UI: its tasks are killed, and what they wait for is stopped."""
        self._request("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", json={"state": "failed"})

    def tasks(self, dag_id: str, run_id: str) -> dict[str, TaskInstance]:
        answer = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        return {
            each["task_id"]: TaskInstance(each["task_id"], each["state"], each["start_date"], each["end_date"])
            for each in answer["task_instances"]
        }

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """A value that a task left; None where it left none (yet)."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        response = self._send("GET", path)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return self._json(response)["value"]

    def _knows(self, dag_id: str) -> bool:
        return self._send("GET", f"/api/v2/dags/{dag_id}").status_code == httpx.codes.OK

    def _why_not_ready(self, dag_ids: tuple[str, ...], limit_seconds: float) -> str:
        errors = self._request("GET", "/api/v2/importErrors").get("import_errors", []) if self.healthy() else []
        found = "".join(f"\n{error['filename']}: {error['stack_trace'][-600:]}" for error in errors)
        return f"Airflow did not show the DAGs {', '.join(dag_ids)} within {limit_seconds:.0f} s.{found}"

    def _request(self, method: str, path: str, **options: Any) -> Any:
        return self._json(self._send(method, path, **options))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        if "Authorization" not in self._client.headers:
            self._sign_in()
        response = self._client.request(method, path, **options)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._sign_in()
            response = self._client.request(method, path, **options)
        return response

    def _sign_in(self) -> None:
        credentials = {"username": self._user, "password": self._password}
        answer = self._json(self._client.post("/auth/token", json=credentials))
        self._client.headers["Authorization"] = f"Bearer {answer['access_token']}"

    @staticmethod
    def _json(response: httpx.Response) -> Any:
        if response.is_error:
            request = response.request
            raise DemoError(f"Airflow answered {response.status_code} to {request.method} {request.url.path}")
        return response.json()
