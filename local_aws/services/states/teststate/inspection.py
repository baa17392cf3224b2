"""What TestState shows of a state's data on its way: each step evaluated on its own, by the state's query language.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html; which steps a state type has
is recorded behaviour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from local_aws.services.states.errors import StateError
from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages import jsonata_language
from local_aws.services.states.languages.query_language import QueryLanguage, Scope
from local_aws.services.states.models import State
from local_aws.services.states.tasks.http_task import Exchanged

WITH_PARAMETERS = ("Task", "Pass", "Parallel")
WITH_RESULT = ("Task", "Pass", "Map", "Parallel")


def before_work(state: State, language: QueryLanguage, scope: Scope) -> dict[str, Any]:
    """The input and what the work gets. A step that cannot be evaluated is left out: the state fails by itself."""
    shown: dict[str, Any] = {"input": dumps(scope.input)}
    if is_jsonata(state):
        if "Arguments" in state:
            _add(shown, "afterArguments", lambda: language.arguments(state, scope))
    elif "Result" not in state:
        _add(shown, "afterInputPath", lambda: language.arguments(_part(state, "InputPath"), scope))
        if state["Type"] in WITH_PARAMETERS:
            _add(shown, "afterParameters", lambda: language.arguments(_part(state, "InputPath", "Parameters"), scope))
    if state["Type"] == "Map":
        shown.update(_map_settings(state, language, scope))
    return shown


def after_work(state: State, language: QueryLanguage, scope: Scope, result: Any) -> dict[str, Any]:
    """The result and how it is put together with the input."""
    if state["Type"] not in WITH_RESULT:
        return {}
    shown: dict[str, Any] = {}
    if state["Type"] != "Pass" or "Result" in state:
        shown["result"] = dumps(result)
    if is_jsonata(state):
        return shown
    after = scope.with_result(result)
    selected, placed = _part(state, "ResultSelector"), _part(state, "ResultSelector", "ResultPath")
    _add(shown, "afterResultSelector", lambda: language.complete(selected, after, result, "").output)
    _add(shown, "afterResultPath", lambda: language.complete(placed, after, result, "").output)
    return shown


def exchanged(seen: Exchanged, *, reveal: bool) -> dict[str, Any]:
    """The request and the response of an HTTP task; what the connection added is shown only when it is revealed.

    https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
    """
    request = seen.sent if reveal else seen.plain
    url = urlsplit(request.url)
    sent = {
        "protocol": url.scheme,
        "method": request.method,
        "url": request.url,
        "headers": _headers((*request.headers, ("Host", url.netloc))),
        "body": (request.body or b"").decode(),
    }
    if seen.response is None:
        return {"request": sent}
    response = {
        "protocol": url.scheme,
        "statusCode": str(seen.response.status),
        "statusMessage": seen.response.reason,
        "headers": _headers(seen.response.headers),
        "body": seen.response.body.decode(errors="replace"),
    }
    return {"request": sent, "response": response}


def _headers(headers: Iterable[tuple[str, str]]) -> str:
    together: dict[str, list[str]] = {}
    for name, value in headers:
        together.setdefault(name, []).append(value)
    return dumps(together)


def pass_result(state: State, language: QueryLanguage, scope: Scope) -> Any:
    """What a Pass state in JSONPath hands to ResultPath."""
    return state["Result"] if "Result" in state else language.arguments(_part(state, "InputPath", "Parameters"), scope)


def is_jsonata(state: State) -> bool:
    """``QueryLanguage`` was written into the state under test."""
    return bool(state.get("QueryLanguage") == jsonata_language.NAME)


def _part(state: State, *fields: str) -> State:
    """A state with these of its fields only."""
    return {key: state[key] for key in ("Type", "QueryLanguage", *fields) if key in state}


def _add(shown: dict[str, Any], key: str, evaluate: Any) -> None:
    try:
        shown[key] = dumps(evaluate())
    except StateError:
        return


def _map_settings(state: State, language: QueryLanguage, scope: Scope) -> dict[str, Any]:
    settings: dict[str, Any] = {"maxConcurrency": state.get("MaxConcurrency", 0)}
    for field, key in (
        ("ToleratedFailureCount", "toleratedFailureCount"),
        ("ToleratedFailurePercentage", "toleratedFailurePercentage"),
    ):
        if isinstance(state.get(field), int | float):
            settings[key] = state[field]
    if not is_jsonata(state):
        _add(settings, "afterItemsPath", lambda: language.items(state, scope))
    return settings
