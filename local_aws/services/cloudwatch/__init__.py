"""CloudWatch: metrics, and alarms that are evaluated and act. Dashboards and the rest stay moto's."""

from __future__ import annotations

import weakref

from local_aws.api import Context
from local_aws.services.cloudwatch import alarm_operations, data_operations
from local_aws.services.cloudwatch.evaluator import Evaluator
from local_aws.store import Store

__all__ = ["alarm_operations", "data_operations"]

_running: weakref.WeakKeyDictionary[Store, Evaluator] = weakref.WeakKeyDictionary()


def resume(context: Context) -> None:
    evaluator = _running[context.store] = Evaluator(context)
    evaluator.start()


def shutdown(context: Context) -> None:
    evaluator = _running.pop(context.store, None)
    if evaluator is not None:
        evaluator.close()
