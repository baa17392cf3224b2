from __future__ import annotations

import asyncio

import pytest
from fake_task import AsyncClient, first_event, remade
from vigil_airflow import trigger as trigger_module
from vigil_airflow.processing_trigger import ProcessingJobTrigger


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None: ...

    monkeypatch.setattr(trigger_module.asyncio, "sleep", at_once)


def connected(client: AsyncClient, monkeypatch: pytest.MonkeyPatch, own: bool = True) -> ProcessingJobTrigger:
    async def connect() -> AsyncClient:
        return client

    trigger: ProcessingJobTrigger = remade(ProcessingJobTrigger("vigil-unit-bias-1", own))
    monkeypatch.setattr(trigger, "_connect", connect)
    return trigger


@pytest.mark.parametrize("end", ["Completed", "Failed", "Stopped"])
def test_it_waits_for_the_jobs_end_whatever_that_is(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    answers = [{"ProcessingJobStatus": status} for status in ("InProgress", "Stopping", end)]
    payload = first_event(connected(AsyncClient(describe_processing_job=answers), monkeypatch))
    assert payload == {"status": end, "job_name": "vigil-unit-bias-1"}


@pytest.mark.parametrize(("own", "stopped"), [(True, ["stop_processing_job"]), (False, [])])
def test_a_killed_task_stops_its_own_job_and_no_other(
    monkeypatch: pytest.MonkeyPatch, own: bool, stopped: list[str]
) -> None:
    client = AsyncClient(stop_processing_job=[{}])
    asyncio.run(connected(client, monkeypatch, own).on_kill())
    assert [name for name, _ in client.calls] == stopped
