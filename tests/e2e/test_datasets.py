"""What a data engineer does on the running stack: read the quality report, look at versions, backfill quarters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from running_stack import RunningStack, await_value

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

DAG = "build_dataset"
BACKFILL_LIMIT_SECONDS = 900
ENDED = {"success", "failed"}


@pytest.fixture(scope="module")
def airflow(running_stack: RunningStack) -> httpx.Client:
    """Airflow's REST API as the user `admin`: what its pages call."""
    ports = json.loads((running_stack.state_dir / "airflow" / "ports.json").read_text())
    password = (running_stack.state_dir / "secrets" / "airflow-admin.password").read_text()
    client = httpx.Client(base_url=f"http://127.0.0.1:{ports['api']}", timeout=60)
    answer = client.post("/auth/token", json={"username": "admin", "password": password})
    client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
    return client


def get(airflow: httpx.Client, path: str, **query: Any) -> Any:
    return airflow.get(f"/api/v2/dags/{DAG}/{path}", params=query).raise_for_status().json()


def test_the_report_opens_from_the_task_for_those_who_are_signed_in_only(airflow: httpx.Client) -> None:
    (run,) = [run["dag_run_id"] for run in get(airflow, "dagRuns", run_type="manual")["dag_runs"]]
    links = get(airflow, f"dagRuns/{run}/taskInstances/check/links")["extra_links"]
    address = links["Quality report"]
    assert address.startswith("/vigil/quality/build_dataset/")
    report = airflow.get(address)
    assert report.status_code == 200, report.text
    assert "May be released" in report.text and "<svg" in report.text
    assert "default-src 'none'" in report.headers["content-security-policy"]
    stranger = httpx.get(f"{airflow.base_url}{address}", timeout=60)
    assert stranger.status_code == 401
    assert "<svg" not in stranger.text


def test_the_release_is_listed_and_stands_in_the_catalog(running_stack: RunningStack) -> None:
    releases = json.loads(running_stack.vigil("datasets", "list", "--json").stdout)
    trained = {request["facts"]["dataset_version"] for request in running_stack.requests()}
    assert trained <= {release["version"] for release in releases}
    shown = running_stack.vigil("datasets", "show", releases[0]["version"][:12]).stdout
    assert "FAERS" in shown and "age_years" in shown
    partitions = running_stack.client("glue").get_partitions(
        DatabaseName=running_stack.parameter("glue/database"), TableName="cases"
    )["Partitions"]
    assert {part["Values"][0] for part in partitions} == {release["version"] for release in releases}


def backfill(airflow: httpx.Client, first: str, last: str, conf: dict[str, Any], again: str = "none") -> list[Any]:
    """What the dialog *Trigger → Backfill* sends; the runs, once all have ended, oldest first."""
    body = {
        "dag_id": DAG, "from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z", "run_backwards": False,
        "dag_run_conf": conf, "reprocess_behavior": again, "max_active_runs": 2,
    }  # fmt: skip

    def asked() -> dict[str, Any] | None:
        answer = airflow.post("/api/v2/backfills", json=body)
        # "Database is locked": Airflow's own answer on SQLite while its scheduler writes; nothing was made, ask again.
        locked = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        return None if locked else answer.raise_for_status().json()

    made: dict[str, Any] = await_value(asked, "a moment in which SQLite lets a backfill be made", 120)

    def ended() -> list[Any] | None:
        dates = {"logical_date_gte": body["from_date"], "logical_date_lte": body["to_date"]}
        runs = get(airflow, "dagRuns", run_type="backfill", order_by="logical_date", limit=50, **dates)["dag_runs"]
        complete = airflow.get(f"/api/v2/backfills/{made['id']}").raise_for_status().json()["completed_at"]
        return runs if complete and runs and all(run["state"] in ENDED for run in runs) else None

    found: list[Any] = await_value(ended, "the end of the backfill", BACKFILL_LIMIT_SECONDS)
    return found


def test_eight_quarters_are_backfilled_each_as_of_its_date_and_again_without_a_change(
    running_stack: RunningStack, airflow: httpx.Client, tmp_path: Path
) -> None:
    running_stack.vigil("synth", "--quarters", "2023Q4:2025Q4", "--cases", "900", "--out", str(tmp_path))
    archives = sorted(str(path) for path in tmp_path.glob("*.zip"))
    landed = json.loads(running_stack.vigil("quarters", "land", "--json", *archives).stdout)
    before = {release["version"] for release in json.loads(running_stack.vigil("datasets", "list", "--json").stdout)}
    events = len(airflow.get("/api/v2/assets/events").raise_for_status().json()["asset_events"])
    conf = {"archives": landed, "profile": "synthetic"}

    runs = backfill(airflow, "2024-05-01", "2026-03-01", conf)
    assert [run["state"] for run in runs] == ["success"] * 8
    releases = json.loads(running_stack.vigil("datasets", "list", "--json").stdout)
    made = sorted((each for each in releases if each["version"] not in before), key=lambda each: len(each["quarters"]))
    assert [release["quarters"][-1] for release in made] == [
        "2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4",
    ]  # fmt: skip
    assert [len(release["quarters"]) for release in made] == [2, 3, 4, 5, 6, 7, 8, 9]
    # Two runs go on at once, so a run may find its predecessor not released yet: then it compares with an older one.
    for number, release in enumerate(made):
        assert release["gate"]["passed"]
        assert release["gate"]["compared_with"] in {None, *(each["version"] for each in made[:number])}
    assert made[-1]["gate"]["compared_with"] is not None
    assert len(airflow.get("/api/v2/assets/events").raise_for_status().json()["asset_events"]) == events

    again = backfill(airflow, "2025-11-01", "2026-03-01", conf, again="completed")
    assert [run["state"] for run in again] == ["success"] * 2
    assert json.loads(running_stack.vigil("datasets", "list", "--json").stdout) == releases
    changes = json.loads(
        running_stack.vigil("datasets", "diff", made[6]["version"], made[7]["version"], "--json").stdout
    )
    assert changes["came"]["count"] > 700
