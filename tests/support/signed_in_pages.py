"""The pages of Vigil and the data behind them, as Airflow gives them to a person who is signed in and may see all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import httpx
from running_stack import RunningStack

# Pages of a run of `train_model`; the second is the same tab on the task that waits.
OF_A_TRAINING = (
    "/vigil/state-machine/train_model/{run}",
    "/vigil/state-machine/train_model/{run}/hand_off",
    "/vigil/state-machine-data/train_model/{run}",
    "/vigil/state-machine-data/train_model/{run}/hand_off",
)


def airflow_client(stack: RunningStack, user: str = "admin") -> httpx.Client:
    """A session with Airflow's server: its REST API, and the pages."""
    ports = json.loads((stack.state_dir / "airflow" / "ports.json").read_text())
    client = httpx.Client(base_url=f"http://127.0.0.1:{ports['api']}", timeout=60)
    answer = client.post("/auth/token", json={"username": user, "password": stack.password(f"airflow-{user}")})
    client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
    return client


def pages(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    """Name and content of each page; headers too, since an address or a cookie could give a secret away."""
    with closing(airflow_client(stack)) as airflow:
        addresses = ["/vigil/approvals", "/vigil/approvals?past=all", "/vigil/monitoring", "/vigil/models"]
        addresses += [f"/vigil/approvals/{each['request_id']}" for each in stack.requests()]
        addresses += [page.format(run=run) for run in runs(airflow, "train_model") for page in OF_A_TRAINING]
        addresses += [f"/vigil/quality/build_dataset/{run}" for run in runs(airflow, "build_dataset")]
        for address in addresses:
            answer = airflow.get(address)
            assert answer.status_code not in {401, 403}, f"{address}: {answer.text}"
            # A refusal is a page, too: of a run that ended before its report, of a row that was forged.
            kind = "page" if answer.status_code == 200 else f"page with {answer.status_code}"
            yield f"{kind} {address}", str(answer.headers).encode() + answer.content


def runs(airflow: httpx.Client, dag_id: str) -> list[str]:
    found: list[str] = []
    while True:
        query: dict[str, str | int] = {"limit": 100, "offset": len(found)}
        part = airflow.get(f"/api/v2/dags/{dag_id}/dagRuns", params=query).raise_for_status().json()["dag_runs"]
        if not part:
            return found
        found += [run["dag_run_id"] for run in part]
