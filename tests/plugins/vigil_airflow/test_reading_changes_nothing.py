"""Whatever fetches an address (a mail scanner, a browser that fetches ahead, a preview) changes nothing, on any route.

The routes are those of the application itself, so that a new one cannot be forgotten here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from approval_pages import ORIGIN, Manager, World
from botocore.client import BaseClient
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from vigil_airflow import config  # noqa: F401 -- what the pages import at once, before calls are watched
from vigil_airflow.pages import access
from vigil_airflow.pages.app import app
from vigil_airflow.pages.approvals import services

ACTS = {
    ("/approvals/{request_id}/confirm", "POST"),
    ("/approvals/{request_id}/sign", "POST"),
    ("/models/{number}/rollback/confirm", "POST"),
    ("/models/{number}/rollback/ask", "POST"),
}
READING = re.compile(r"^(Get|List|Describe|Head|Query|Scan|BatchGet)")


def own_routes() -> list[APIRoute]:
    found = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(found) >= 10
    return found


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked of AWS; nothing is there to answer."""
    made: list[str] = []

    def call(client: BaseClient, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        made.append(operation)
        raise AssertionError(f"{operation} is not answered here")

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    monkeypatch.setattr(access, "get_auth_manager", Manager)
    monkeypatch.setattr(services, "own_address", lambda: "")
    yield made
    app.dependency_overrides.clear()


def test_only_the_forms_take_anything_but_reading() -> None:
    other = {(route.path, method) for route in own_routes() for method in route.methods - {"GET", "HEAD"}}
    assert other == ACTS
    assert all(isinstance(route, APIRoute) for route in app.routes), "something is mounted that this test does not see"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", sorted({route.path for route in own_routes()}))
def test_no_route_acts_when_it_is_fetched(calls: list[str], path: str, method: str) -> None:
    world = World()
    world.sign_in("ana")
    world.desk.forbidden = {"prepare", "sign"}
    outer = FastAPI()
    outer.mount("/vigil", app)
    browser = TestClient(outer, base_url=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
    address = "/vigil" + path.replace("{request_id}", world.desk.request.request_id)
    address = re.sub(r"\{[^}]*\}", "x", address)
    for query in ("", "?meaning=approved&token=x&challenge_id=x&username=ana&password=y"):
        browser.request(method, address + query)
    assert not {each for each in world.desk.calls if each not in ("requests", "show")}
    assert not [each for each in calls if not READING.match(each)]
