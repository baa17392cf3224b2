"""What moto forgets when a schedule is updated: the action after completion, and that no state means enabled.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html
"""

from __future__ import annotations

from moto.scheduler.responses import EventBridgeSchedulerResponse

_update_schedule = EventBridgeSchedulerResponse.update_schedule


def install() -> None:
    EventBridgeSchedulerResponse.update_schedule = _updated  # type: ignore[method-assign, assignment]


def _updated(response: EventBridgeSchedulerResponse) -> str:
    answer = _update_schedule(response)
    name = response.uri.split("?")[0].split("/")[-1]
    schedule = response.scheduler_backend.get_schedule(response._get_param("GroupName"), name)
    schedule.action_after_completion = response._get_param("ActionAfterCompletion")
    schedule.state = schedule.state or "ENABLED"
    return answer
