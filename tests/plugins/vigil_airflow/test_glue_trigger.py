from __future__ import annotations

import asyncio
import logging

import pytest
from botocore.exceptions import EndpointConnectionError
from fake_task import AsyncClient, first_event, lines, remade
from vigil_airflow import trigger as trigger_module
from vigil_airflow.glue_trigger import GlueRunTrigger


def run(state: str) -> dict[str, dict[str, str]]:
    return {"JobRun": {"Id": "jr_1", "JobRunState": state}}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None: ...

    monkeypatch.setattr(trigger_module.asyncio, "sleep", at_once)


def connected(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> GlueRunTrigger:
    async def connect() -> AsyncClient:
        return client

    trigger: GlueRunTrigger = remade(GlueRunTrigger("curate", "jr_1"))
    monkeypatch.setattr(trigger, "_connect", connect)
    return trigger


@pytest.mark.parametrize("end", ["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"])
def test_it_waits_through_the_active_states_and_fires_at_each_end(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    states = [run(state) for state in ("WAITING", "STARTING", "RUNNING", "RUNNING", "STOPPING", end)]
    payload = first_event(connected(AsyncClient(get_job_run=states), monkeypatch))
    assert payload == {"status": end, "run_id": "jr_1"}


def test_each_change_of_state_is_told_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    states = [run(state) for state in ("STARTING", "RUNNING", "RUNNING", "SUCCEEDED")]
    first_event(connected(AsyncClient(get_job_run=states), monkeypatch))
    assert lines(caplog) == ["run jr_1 is STARTING", "run jr_1 is RUNNING", "run jr_1 is SUCCEEDED"]


def test_it_outlasts_a_service_that_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    client = AsyncClient(get_job_run=[run("RUNNING"), lost, lost, run("SUCCEEDED")])
    assert first_event(connected(client, monkeypatch))["status"] == "SUCCEEDED"


def test_a_kill_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    client = AsyncClient(batch_stop_job_run=[{"SuccessfulSubmissions": [{"JobRunId": "jr_1"}]}])
    asyncio.run(connected(client, monkeypatch).on_kill())
    assert client.calls == [("batch_stop_job_run", {"JobName": "curate", "JobRunIds": ["jr_1"]})]
