"""The CloudWatch alarms that take a deployment back.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.services.sagemaker.errors import validation_error

logger = logging.getLogger(__name__)


def check_exist(context: Context, names: Sequence[str]) -> None:
    """Raises a ValidationException that names the alarms that do not exist."""
    if not names:
        return
    states = read_states(context, names)
    if states is None:
        raise validation_error("The alarms of AutoRollbackConfiguration cannot be read from CloudWatch: try again.")
    if missing := [name for name in names if name not in states]:
        raise validation_error(f"CloudWatch has no alarm {', '.join(missing)}: create it before the deployment.")


def read_states(context: Context, names: Sequence[str]) -> dict[str, str] | None:
    """``OK``, ``ALARM`` or ``INSUFFICIENT_DATA`` of each alarm that exists; None when CloudWatch does not answer."""
    if not names:
        return {}
    try:
        answer = context.client("cloudwatch").describe_alarms(
            AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
    except (ClientError, BotoCoreError) as error:
        logger.warning("the alarms of a deployment could not be read: %s", type(error).__name__)
        return None
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}
