"""The tab *State machine*: who may see what, and that no token ever is in it. The executions are the engine's own."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.api_fastapi.core_api.security import get_user
from engine_client import EngineClient
from fastapi import FastAPI
from fastapi.testclient import TestClient
from promotion_world import PromotionWorld
from state_machines import client_error
from vigil_airflow.pages.state_machine import files, routes, run_execution
from vigil_plugin import VigilPlugin

from vigil.aws.execution_view import ExecutionReader

app = FastAPI()
app.include_router(routes.router)
app.include_router(files.router)
RUN = "manual__2026-01-01T00:00:00+00:00"
PAGE, DATA = f"/state-machine/train_model/{RUN}", f"/state-machine-data/train_model/{RUN}"
MACHINES = "arn:aws:states:us-east-1:123456789012:stateMachine:"


class Manager:
    """A reader may read everything of one DAG, a watcher all but results."""

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: str) -> bool:
        assert method == "GET"
        allowed = {"reader": {"TASK_INSTANCE", "XCOM"}, "watcher": {"TASK_INSTANCE"}}.get(user, set())
        return details.id == "train_model" and access_entity.value in allowed


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What runs have kept as XCom, by run and task."""
    found: dict[str, str] = {}
    monkeypatch.setattr(run_execution, "_kept_arn", lambda dag, run, task: found.get(task or run))
    prefixes = tuple(
        MACHINES.replace("stateMachine:", f"execution:{name}:") for name in ("train-and-promote", "update-endpoint")
    )
    monkeypatch.setattr(run_execution, "_prefixes", lambda: prefixes)
    monkeypatch.setattr(run_execution, "run_is_going", lambda dag, run: True if run == RUN else None)
    return found


@pytest.fixture
def client(promotion: PromotionWorld, kept: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(routes, "get_auth_manager", Manager)
    reader = ExecutionReader(EngineClient(promotion.world))
    monkeypatch.setattr(routes, "reader", lambda: reader)
    yield TestClient(app)
    app.dependency_overrides.clear()


def sign_in(user: str) -> None:
    app.dependency_overrides[get_user] = lambda: user


@pytest.fixture
def waiting(promotion: PromotionWorld, kept: dict[str, str]) -> Iterator[str]:
    """The token of a run that waits."""
    kept[RUN] = kept["hand_off"] = promotion.start()
    token = str(promotion.wait()["task_token"])
    promotion.world.await_event(kept[RUN], "TaskSubmitted", 3)
    yield token
    promotion.world.stop(kept[RUN])


@pytest.mark.parametrize("address", [PAGE, DATA, f"{PAGE}/hand_off", f"{DATA}/hand_off"])
def test_nobody_sees_it_without_signing_in_or_the_right_to_see_the_dag(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 401
    sign_in("stranger")
    answer = client.get(address)
    assert answer.status_code == 403 and "may not see" in answer.text
    sign_in("reader")
    assert client.get(address.replace("train_model", "other_dag")).status_code == 403


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/hand_off"])
def test_the_tab_refuses_in_pages_for_people_that_say_what_to_do(client: TestClient, address: str) -> None:
    for user, status, advice in ((None, 401, "open this tab again"), ("stranger", 403, "Whoever gives out roles")):
        if user:
            sign_in(user)
        answer = client.get(address)
        assert answer.status_code == status and answer.headers["content-type"].startswith("text/html")
        assert "<h1>" in answer.text and advice in answer.text


def test_every_dag_starts_a_state_machine_or_is_known_to_start_none() -> None:
    folder = Path(__file__).resolve().parents[3] / "dags"
    texts = {path.stem: path.read_text() for path in folder.glob("*.py")}
    assert {name for name, text in texts.items() if "StateMachineOperator(" not in text} == routes.NO_MACHINES


@pytest.mark.parametrize("dag_id", sorted(routes.NO_MACHINES))
def test_a_dag_without_a_state_machine_says_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, dag_id: str
) -> None:
    monkeypatch.setattr(routes, "_may", lambda user, dag_id, entity: user == "reader")
    address = PAGE.replace("train_model", dag_id)
    sign_in("stranger")
    assert client.get(address).status_code == 403
    sign_in("reader")
    for tab in (address, f"{address}/land"):
        answer = client.get(tab)
        assert answer.status_code == 404 and "<h1>There is nothing to show here</h1>" in answer.text
        assert f"The DAG {dag_id} starts no state machine" in answer.text


@pytest.mark.parametrize("address", [PAGE, DATA, f"{PAGE}/hand_off", f"{DATA}/hand_off"])
def test_nothing_but_reading_is_possible(client: TestClient, address: str) -> None:
    sign_in("reader")
    for method in ("post", "put", "delete", "patch"):
        assert getattr(client, method)(address).status_code == 405


def test_the_page_runs_only_our_own_script_and_asks_only_this_server(client: TestClient) -> None:
    sign_in("watcher")
    answer = client.get(PAGE)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert not re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|https?:", answer.text)
    for address in re.findall(r'(?:href|src)="([^"]+)"', answer.text):
        found = client.get(address)
        assert found.status_code == 200, address
        assert found.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("run", ['"><script>alert(1)</script>', "{0}", "a\"b'c"])
def test_a_runs_name_is_never_markup_nor_a_way_elsewhere(client: TestClient, run: str) -> None:
    sign_in("reader")
    answer = client.get(f"/state-machine/train_model/x{run.replace('/', '')}")
    assert "<script>alert" not in answer.text
    (source,) = re.findall(r'data-source="([^"]*)"', answer.text)
    assert source.startswith("/state-machine-data/train_model/x") and source.count("/") == 3


def test_a_reader_gets_states_ways_and_data_without_any_token(client: TestClient, waiting: str) -> None:
    sign_in("reader")
    for address in (DATA, f"{DATA}/hand_off"):
        answer = client.get(address)
        assert waiting not in answer.text and waiting[:32] not in answer.text
        (execution,) = answer.json()["executions"]
        state = execution["progress"]["states"]["WaitForApproval"]
        assert state["status"] == "waiting"
        assert '"task_token": "[redacted]"' in state["data"]["arguments"]
        assert answer.json()["running"] and answer.json()["may_read"]
    assert waiting not in client.get(PAGE).text


def test_tokens_in_messages_errors_and_json_within_json_are_masked_in_every_field(
    client: TestClient, promotion: PromotionWorld, kept: dict[str, str]
) -> None:
    """A function that echoes the token it was given, in its words and in a document as text."""
    token = "AQCEAAAAKgAAAAMAAAAAAAAAAX" + "b4Qz7" * 60
    inner = json.dumps({"body": json.dumps({"TaskToken": token})})
    promotion.functions["PinRun"] = promotion.functions["PinRun"] | {"note": inner}
    promotion.sagemaker.job_failures["Training"] = f"could not answer task_token={token}; {inner}"
    kept[RUN] = promotion.start(value={"dataset_version": "d", "message": f"token {token}", "inner": inner})
    promotion.world.ended(kept[RUN])
    raw = json.dumps(promotion.world.events(kept[RUN]), default=str)
    assert raw.count(token) > 5
    sign_in("reader")
    text = client.get(DATA).text
    assert token not in text and token[:40] not in text and text.count("[redacted]") > 5


def test_who_may_not_read_results_sees_states_only(client: TestClient, waiting: str) -> None:
    sign_in("watcher")
    answer = client.get(DATA)
    assert answer.json()["may_read"] is False
    states = answer.json()["executions"][0]["progress"]["states"]
    assert states["Train"]["status"] == "succeeded" and states["Train"]["data"] is None
    assert "new quarter" not in answer.text


def test_the_execution_that_a_run_started_is_shown_with_it(
    client: TestClient, promotion: PromotionWorld, kept: dict[str, str]
) -> None:
    kept[RUN] = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(kept[RUN])
    sign_in("reader")
    answer = client.get(DATA).json()
    assert [each["machine"] for each in answer["executions"]] == ["train-and-promote", "update-endpoint"]
    assert answer["running"] is False


def test_it_is_asked_again_until_the_history_tells_the_end_that_the_status_has(
    client: TestClient, promotion: PromotionWorld, kept: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept[RUN] = promotion.start()
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(kept[RUN])
    views = routes.reader().read_with_nested(kept[RUN], lambda arn: True)
    assert [(view.status, view.complete) for view in views] == [("SUCCEEDED", True)] * 2
    lagging = [views[0], views[1].model_copy(update={"complete": False})]
    monkeypatch.setattr(routes.reader(), "read_with_nested", lambda arn, may_show: lagging)
    sign_in("reader")
    assert client.get(DATA).json()["running"] is True


def test_what_has_not_changed_is_not_sent_again(client: TestClient, waiting: str) -> None:
    sign_in("reader")
    tag = client.get(DATA).headers["etag"]
    again = client.get(DATA, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    sign_in("watcher")
    assert client.get(DATA, headers={"If-None-Match": tag}).status_code == 200


def test_an_execution_of_another_machine_is_never_shown_whatever_an_xcom_says(
    client: TestClient, promotion: PromotionWorld, kept: dict[str, str]
) -> None:
    other = promotion.world.create(
        {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, "train-and-promote-of-others"
    )
    sign_in("reader")
    for arn in (promotion.world.start(other), "s3://elsewhere", ""):
        kept[RUN] = arn
        assert client.get(DATA).json()["executions"] == []


def test_a_run_without_an_execution_is_answered_and_one_that_is_not_there_is_not(client: TestClient) -> None:
    sign_in("reader")
    assert client.get(DATA).json() == {"executions": [], "may_read": True, "notice": "", "running": True}
    assert client.get("/state-machine-data/train_model/no-such-run").status_code == 404


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 503), ("AccessDeniedException", 503)])
def test_when_step_functions_does_not_answer_the_page_is_told_to_try_later(
    client: TestClient, kept: dict[str, str], monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    class Refusing:
        def describe_execution(self, **request: Any) -> Any:
            raise client_error(code, f"not for {request}")

    monkeypatch.setattr(routes, "reader", lambda: ExecutionReader(Refusing()))
    kept[RUN] = f"{MACHINES.replace('stateMachine', 'execution')}train-and-promote:run"
    sign_in("reader")
    answer = client.get(DATA)
    assert answer.status_code == status
    assert "did not answer" in answer.text and "not for" not in answer.text
    assert "look again in a minute" in answer.json()["detail"]


def test_only_our_files_are_served_and_only_in_the_version_that_the_page_names(client: TestClient) -> None:
    address = f"/state-machine-files/{files.files_version()}"
    assert client.get(f"{address}/app.js").headers["content-type"].startswith("text/javascript")
    for name in ("README.md", "dagre.LICENSE.txt", "..%2F..%2Fapp.py", "nothing.js"):
        assert client.get(f"{address}/{name}").status_code == 404, name
    assert client.get("/state-machine-files/0000000000000000/app.js").status_code == 404


def test_the_library_is_the_one_that_the_readme_names_with_its_licence() -> None:
    readme = (files.FOLDER / "README.md").read_text()
    digest = hashlib.sha256((files.FOLDER / "dagre.esm.js").read_bytes()).hexdigest()
    assert f"`dagre.esm.js`: SHA-256 `{digest}`" in readme
    assert "Permission is hereby granted" in (files.FOLDER / "dagre.LICENSE.txt").read_text()


def test_no_script_of_ours_makes_markup_of_texts_or_asks_elsewhere() -> None:
    for path in files.FOLDER.glob("*.js"):
        if path.name == "dagre.esm.js":
            continue
        text = path.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), (
            path.name
        )
        assert not [each for each in re.findall(r"https?://[^'\"\s]+", text) if "www.w3.org" not in each], path.name
        assert text.count("\n") < 300, path.name


def test_airflow_shows_the_tab_on_runs_and_on_task_instances() -> None:
    views = [view for view in VigilPlugin.external_views if view["name"] == "State machine"]
    assert {(view["destination"], view["url_route"]) for view in views} == {
        ("dag_run", "state-machine"), ("task_instance", "state-machine-ti"),
    }  # fmt: skip
    paths = {
        route.path.replace("dag_id", "DAG_ID").replace("run_id", "RUN_ID").replace("task_id", "TASK_ID")
        for route in routes.router.routes
    }
    assert {view["href"].removeprefix("/vigil") for view in views} <= paths
