"""What shows that the functions nobody waits for go on: each counts when it is done, and an alarm rings when it stops.

Sealing, which has an alarm of its own, says 0 of each of them each minute; they say 1. So a silence has datapoints: an
alarm that counted missing ones as breaching would ring on each new stack.
"""

from __future__ import annotations

from vigil.aws.environment import aws_client, stack_name

NAMESPACE = "Vigil/Audit"
RECHECKED = "LedgerRechecked"  # each hour, where every record was read again
HISTORIES_SWEPT = "HistoriesSwept"  # each hour
DECISIONS_SWEPT = "DecisionsSwept"  # each minute, where no part of that sweep failed
REMINDERS_SWEPT = "RemindersSwept"  # each minute
DEPLOYMENTS_SWEPT = "DeploymentsSwept"  # each minute
HOURLY = (RECHECKED, HISTORIES_SWEPT)
EACH_MINUTE = (DECISIONS_SWEPT, REMINDERS_SWEPT, DEPLOYMENTS_SWEPT)
NOT_YET = dict.fromkeys((*HOURLY, *EACH_MINUTE), 0)
SCHEDULED = "Scheduled Event"  # an event's detail-type (EventBridge guide, "Schedules")


def count(values: dict[str, int]) -> None:
    dimensions = [{"Name": "Stack", "Value": stack_name()}]
    aws_client("cloudwatch").put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[{"MetricName": name, "Value": value, "Dimensions": dimensions} for name, value in values.items()],
    )
