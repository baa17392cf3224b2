"""What waiting for a Glue run and for an execution share: poll, back off, outlast a restart, stop what was killed."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.triggers.base import BaseTrigger, TriggerEvent

from vigil_airflow.config import AWS_CONNECTION, CLIENT_CONFIG
from vigil_airflow.polling import Backoff, Patience, is_transient

# A service that is down for longer is an outage that people must see; the task's retry joins the same work again.
UNREACHABLE_LIMIT_SECONDS = 1800.0
UNREACHABLE = "UNREACHABLE"


class PollingTrigger(BaseTrigger):
    """Polls with one asynchronous client until ``look`` returns an event's payload.

    Payloads are printed by the triggerer and kept in Airflow's database: they hold identifiers and states only.
    """

    service: ClassVar[str]
    longest_interval: ClassVar[float]

    def __init__(self, region_name: str | None = None) -> None:
        super().__init__()
        self.region_name = region_name

    @abstractmethod
    def fields(self) -> dict[str, Any]:
        """The constructor's arguments, for Airflow to make this trigger again in another process."""

    @abstractmethod
    async def look(self, client: Any, backoff: Backoff) -> dict[str, Any] | None:
        """Look once. The payload of the event to fire, or ``None`` to go on waiting."""

    @abstractmethod
    async def stop(self, client: Any) -> None:
        """Stop the work that is waited for: a person has killed the task."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {**self.fields(), "region_name": self.region_name}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        backoff, patience = Backoff(self.longest_interval), Patience(UNREACHABLE_LIMIT_SECONDS)
        async with await self._connect() as client:
            while True:
                try:
                    payload = await self.look(client, backoff)
                    patience.answered()
                except Exception as error:
                    if not is_transient(error):
                        raise
                    payload = {"status": UNREACHABLE, "reason": type(error).__name__} if patience.is_over() else None
                    self.log.warning("%s does not answer (%s); asking again", self.service, type(error).__name__)
                if payload is not None:
                    yield TriggerEvent(payload)
                    return
                await asyncio.sleep(backoff.interval())

    async def on_kill(self) -> None:
        """Airflow calls this when a person fails, clears or succeeds the task by hand, not when a triggerer stops."""
        async with await self._connect() as client:
            await self.stop(client)

    async def _connect(self) -> Any:
        hook: AwsBaseHook[Any] = AwsBaseHook(
            aws_conn_id=AWS_CONNECTION, client_type=self.service, region_name=self.region_name, config=CLIENT_CONFIG
        )
        return await hook.get_async_conn()
