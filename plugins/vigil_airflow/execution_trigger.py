"""Waits for an execution of a state machine and tells its states in the task's log."""

from __future__ import annotations

from typing import Any

from vigil_airflow.executions import KILLED_ERROR
from vigil_airflow.polling import Backoff
from vigil_airflow.trigger import PollingTrigger

WAITS_FOR_ANSWER = "WAITS_FOR_ANSWER"
PAGE_SIZE = 200
PAGES_LIMIT = 50  # 10,000 events: more than the 25,000-event quota of an execution leaves for one look


class ExecutionTrigger(PollingTrigger):
    """Fires when the execution has ended, and each time a task of it begins to wait for a person's answer.

    ``after_event`` is the number of the last history event that the log already has; ``state`` the state it led to.
    """

    service = "stepfunctions"
    # A signature may take two weeks: a minute is little to it and keeps within Step Functions' request limits.
    longest_interval = 60.0

    def __init__(
        self,
        execution_arn: str,
        killed_cause: str,
        after_event: int = 0,
        state: str = "",
        region_name: str | None = None,
    ) -> None:
        super().__init__(region_name)
        self.execution_arn = execution_arn
        self.killed_cause = killed_cause
        self.after_event = after_event
        self.state = state

    def fields(self) -> dict[str, Any]:
        return {
            "execution_arn": self.execution_arn,
            "killed_cause": self.killed_cause,
            "after_event": self.after_event,
            "state": self.state,
        }

    async def look(self, client: Any, backoff: Backoff) -> dict[str, Any] | None:
        # The status first: a history that is read after an execution's end is whole.
        status = (await client.describe_execution(executionArn=self.execution_arn))["status"]
        events = await self._new_events(client)
        waits = self._tell(events)
        if events:
            backoff.reset()
        if status != "RUNNING":
            return self._payload(status)
        return self._payload(WAITS_FOR_ANSWER) if waits else None

    async def stop(self, client: Any) -> None:
        await client.stop_execution(executionArn=self.execution_arn, error=KILLED_ERROR, cause=self.killed_cause)
        self.log.info("stopped %s: %s", self.execution_arn, self.killed_cause)

    def _payload(self, status: str) -> dict[str, Any]:
        return {"status": status, "state": self.state, "last_event": self.after_event}

    def _tell(self, events: list[dict[str, Any]]) -> bool:
        """Log the events. Whether the execution now stands in a task that waits for an answer."""
        from vigil.aws.history import awaits_token, log_line, state_entered

        waits = False
        for event in events:
            if line := log_line(event):
                self.log.info("%s", line)
            if (entered := state_entered(event)) is not None:
                self.state, waits = entered, False
            waits = waits or awaits_token(event)
            self.after_event = event["id"]
        return waits

    async def _new_events(self, client: Any) -> list[dict[str, Any]]:
        """The events after ``after_event``, oldest first: newest pages are read first, and only as far as needed."""
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {
            "executionArn": self.execution_arn,
            "reverseOrder": True,
            "maxResults": PAGE_SIZE,
            "includeExecutionData": False,
        }
        for _ in range(PAGES_LIMIT):
            page = await client.get_execution_history(**request)
            new = [event for event in page["events"] if event["id"] > self.after_event]
            found += new
            if len(new) < len(page["events"]) or not page.get("nextToken"):
                break
            request["nextToken"] = page["nextToken"]
        return sorted(found, key=lambda event: int(event["id"]))
