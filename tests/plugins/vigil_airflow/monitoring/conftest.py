"""The Monitoring and Models pages, mounted as Airflow mounts them, with what they read in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from approval_pages import Manager
from monitoring_pages import MonitoringWorld
from vigil_airflow.pages import access
from vigil_airflow.pages.app import app
from vigil_airflow.pages.approvals import services


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[MonitoringWorld]:
    """Ana, who may sign, is signed in."""
    monkeypatch.setattr(access, "get_auth_manager", Manager)
    monkeypatch.setattr(services, "own_address", lambda: "")
    world = MonitoringWorld()
    world.sign_in("ana")
    yield world
    app.dependency_overrides.clear()
