"""Waiting for a deployment in tests: the code's own waits over a table in memory, and events that a test may lose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from state_machines import FakeServices, StatesWorld

from vigil.approvals.errors import WaitEndedError
from vigil.aws.deployment_waits import AwaitEvent, DeploymentWait, WaitPorts, answer_waits, await_deployment

LOOK_SECONDS = 0.02


class MemoryWaits:
    """The monitoring table's waits."""

    def __init__(self) -> None:
        self.kept: dict[str, DeploymentWait] = {}

    def keep(self, wait: DeploymentWait) -> None:
        self.kept[wait.wait_id] = wait

    def forget(self, wait: DeploymentWait) -> None:
        self.kept.pop(wait.wait_id, None)

    def of(self, endpoint: str) -> Iterator[DeploymentWait]:
        yield from [wait for wait in list(self.kept.values()) if wait.endpoint_name == endpoint]


class MemoryVault:
    """Turns a token round; refuses one that was sealed for another wait."""

    def seal(self, request_id: str, token: str) -> str:
        return f"{request_id}:{token[::-1]}"

    def unseal(self, request_id: str, ciphertext: str) -> str:
        bound, _, sealed = ciphertext.partition(":")
        assert bound == request_id
        return sealed[::-1]


class EndpointEvents:
    """Looks at the endpoint as often as SageMaker would announce something, unless ``lost``."""

    def __init__(self, world: StatesWorld, services: FakeServices) -> None:
        self._world = world
        self.waits: Any = MemoryWaits()
        self.answers: list[dict[str, str]] = []
        self.lost = False
        self.ahead = timedelta(0)
        self._ports = WaitPorts(self.waits, MemoryVault(), self, services("sagemaker"), self._clock)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._announce, daemon=True)
        self._thread.start()

    def awaited(self, event: dict[str, Any]) -> dict[str, str]:
        return {"wait": await_deployment(AwaitEvent.model_validate(event), self._ports)}

    def look(self) -> dict[str, str]:
        """One event, or one minute's sweep."""
        done = answer_waits("triage", self._ports)
        self.answers.append(done)
        return done

    def succeed(self, token: str, output: dict[str, object]) -> None:
        try:
            self._world.succeed(token, output)
        except Exception as error:  # local_aws has several errors for it
            raise WaitEndedError("the run no longer waits") from error

    def close(self) -> None:
        self._over.set()
        self._thread.join(10)

    def _clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def _announce(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if self.waits.kept and not self.lost:
                self.look()
