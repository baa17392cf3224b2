"""When something is due: the schedule expressions of EventBridge rules and of EventBridge Scheduler."""

from __future__ import annotations

from local_aws.services.timetables.expressions import At, Cron, Rate, ScheduleError, Timetable, parsed

__all__ = ["At", "Cron", "Rate", "ScheduleError", "Timetable", "parsed"]
