"""The approver's page, mounted as Airflow mounts it, before a desk in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from approval_pages import Manager, World, fake_plots
from vigil_airflow.pages import access
from vigil_airflow.pages.app import app
from vigil_airflow.pages.approvals import services


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Ana, who may sign as quality assurance, is signed in."""
    monkeypatch.setattr(access, "get_auth_manager", Manager)
    monkeypatch.setattr(services, "own_address", lambda: "")
    monkeypatch.setitem(__import__("sys").modules, "vigil.approvals.plots", fake_plots())
    world = World()
    world.sign_in("ana")
    yield world
    app.dependency_overrides.clear()
