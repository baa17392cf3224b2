"""Stands for boto3's Step Functions client: the operations of local_aws's engine in this process, counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from state_machines import StatesWorld, client_error

from local_aws.api import ApiError
from local_aws.services.states.executions import execution_operations as operations
from local_aws.services.states.tasks import task_operations as tasks


class EngineClient:
    def __init__(self, world: StatesWorld) -> None:
        self.calls: list[str] = []
        self.pages: list[int] = []
        self._world = world

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> dict[str, Any]:
            self.calls.append(name)
            answer: dict[str, Any] = dict(getattr(operations, name)(self._world.aws, request))
            if "events" in answer:
                self.pages.append(len(answer["events"]))
            return answer | {"ResponseMetadata": {"RequestId": "r"}}

        return call

    def send_task_success(self, **request: Any) -> dict[str, Any]:
        try:
            return dict(tasks.send_task_success(self._world.aws, request))  # type: ignore[arg-type]
        except ApiError as error:
            raise client_error(error.code, error.message) from error

    def get_paginator(self, name: str) -> _Paginator:
        return _Paginator(self, name)


class _Paginator:
    def __init__(self, client: EngineClient, name: str) -> None:
        self._client, self._name = client, name

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = getattr(self._client, self._name)(**request, **token)
            yield page
            if "nextToken" not in page:
                return
            token = {"nextToken": page["nextToken"]}
