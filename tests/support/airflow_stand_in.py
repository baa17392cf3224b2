"""A small HTTP stand-in for the REST API of the Airflow behind an MWAA environment: runs of DAGs, and asset events.

Shapes: Airflow 3's stable REST API, https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html
(``POST /dags/{dag_id}/dagRuns``, ``GET /dags/{dag_id}/dagRuns/{dag_run_id}``, ``GET /assets/events``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from http_endpoint import JSON, Endpoint, Reply, Seen, http_endpoint

NAME = "airflow"
BUILD = "/api/v2/dags/build_dataset/dagRuns"


def airflow_settings(folder: Path, url: str) -> Path:
    """An environment file that leads to ``url``."""
    (folder / "airflow-password").write_text("of a test")
    file = folder / "airflow.toml"
    file.write_text(
        f'[environment]\nname = "{NAME}"\nurl = "{url}"\nusername = "mwaa"\npassword_file = "airflow-password"\n'
    )
    return file


class AirflowStandIn:
    """``runs`` by name, ``followers``: the runs that a run's asset event started, ``posts``: all that was asked for.

    ``away``: it answers as a web server does whose Airflow is down. ``starts_as``: the state of a new run.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.url = endpoint.url
        self.runs: dict[str, dict[str, Any]] = {}
        self.followers: dict[str, list[dict[str, Any]]] = {}
        self.posts: list[dict[str, Any]] = []
        self.away = False
        self.starts_as = "running"
        endpoint.answer = self._answer

    def settings(self, folder: Path) -> Path:
        return airflow_settings(folder, self.url)

    def reset(self) -> None:
        self.runs, self.followers, self.posts = {}, {}, []
        self.away, self.starts_as = False, "running"

    def asked_for(self, run_id: str) -> int:
        return sum(post["dag_run_id"] == run_id for post in self.posts)

    def _answer(self, seen: Seen) -> Reply:
        path, query = urlsplit(seen.path).path, parse_qs(urlsplit(seen.path).query)
        if path == "/auth/token":
            return _json(201, {"access_token": "token"})
        if self.away:
            return _json(503, {"detail": "the web server has no Airflow"})
        if (seen.method, path) == ("POST", BUILD):
            return self._post(json.loads(seen.body))
        if path.startswith(f"{BUILD}/"):
            run = self.runs.get(path.rpartition("/")[2])
            return _json(404, {"detail": "no such run"}) if run is None else _json(200, run)
        if path == "/api/v2/assets/events":
            return _json(200, {"asset_events": self._events(query["source_run_id"][0])})
        return _json(404, {"detail": f"{path} is not stood in for"})

    def _post(self, body: dict[str, Any]) -> Reply:
        assert body["logical_date"] is None, "Airflow 3 wants the member, and no date for a run of no date"
        self.posts.append(body)
        if body["dag_run_id"] in self.runs:
            return _json(409, {"detail": {"reason": "Unique constraint violation"}})
        self.runs[body["dag_run_id"]] = {"dag_run_id": body["dag_run_id"], "state": self.starts_as, **body}
        return _json(200, self.runs[body["dag_run_id"]])

    def _events(self, run_id: str) -> list[dict[str, Any]]:
        if run_id not in self.followers:
            return []
        at = datetime.now(UTC).isoformat()
        return [{"id": 1, "timestamp": at, "created_dagruns": self.followers[run_id], "extra": {}}]


def follower(state: str) -> dict[str, Any]:
    return {"dag_id": "train_model", "run_id": "asset_triggered__1", "state": state}


def _json(status: int, document: Any) -> Reply:
    return status, JSON, json.dumps(document).encode()


@contextmanager
def airflow_stand_in() -> Iterator[AirflowStandIn]:
    with http_endpoint() as endpoint:
        yield AirflowStandIn(endpoint)
