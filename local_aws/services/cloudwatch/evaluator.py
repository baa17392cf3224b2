"""The thread that evaluates alarms: each second, and at once when metric data arrives.

An alarm of 60 seconds or more looks at whole minutes, one of less at whole tens of seconds
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any

from local_aws.api import Context
from local_aws.services.bells import bell_of
from local_aws.services.cloudwatch import alarm_rules, alarms
from local_aws.services.cloudwatch.alarm_evaluation import COMPARISONS, EXTRA_PERIODS, evaluated, state_of
from local_aws.services.cloudwatch.data_operations import ALARMS
from local_aws.services.cloudwatch.math_functions import Series
from local_aws.services.cloudwatch.queries import as_series, evaluate, smallest_period
from local_aws.services.cloudwatch.transitions import move, queries_of
from local_aws.services.rounds import Rounds
from local_aws.times import iso_milliseconds, utc

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
#: Between two looks, however much data arrives.
PAUSE_SECONDS = 0.2


class Evaluator:
    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._closing = threading.Event()
        self._seen: dict[str, tuple[float, datetime]] = {}
        trouble = "the alarms could not be evaluated"
        self._rounds = Rounds("alarms", LOOK_SECONDS, self._round, trouble, bell_of(aws.store, ALARMS))

    def start(self) -> None:
        self._rounds.start()

    def close(self) -> None:
        self._closing.set()
        self._rounds.close()

    def look(self, now: float, *, new_data: bool) -> None:
        """Evaluate the alarms for which a period has ended by ``now``, or all when there is ``new_data``."""
        for alarm in alarms.every(self._aws):
            if alarm["Type"] == alarms.METRIC:
                end = window_end(alarm, now)
                mark = end, alarm["AlarmConfigurationUpdatedTimestamp"]
                if new_data or self._seen.get(alarm["AlarmName"]) != mark:
                    self._seen[alarm["AlarmName"]] = mark
                    self._guarded(alarm["AlarmName"], now)
        self._composites(now)

    def _guarded(self, name: str, now: float) -> None:
        with self._aws.store.transaction():
            alarm = self._aws.store.get(alarms.KIND, name)
            if alarm is None:
                return
            try:
                evaluate_alarm(self._aws, alarm, now)
            except ValueError as error:
                logger.warning("alarm %s cannot be evaluated: %s", name, error)

    def _composites(self, now: float) -> None:
        """Until nothing moves any more: composite alarms may name each other, never in a circle."""
        names = [alarm["AlarmName"] for alarm in alarms.every(self._aws) if alarm["Type"] == alarms.COMPOSITE]
        for _ in range(len(names)):
            with self._aws.store.transaction():
                moved = [_settle_composite(self._aws, name, now) for name in names]
            if not any(moved):
                return

    def _round(self, new_data: bool) -> None:
        try:
            self.look(time.time(), new_data=new_data)
        finally:
            self._closing.wait(PAUSE_SECONDS)


def window_end(alarm: dict[str, Any], now: float) -> float:
    """Where the newest whole period ends."""
    step = 60 if smallest_period(queries_of(alarm)) >= 60 else 10
    return now // step * step


def evaluate_alarm(aws: Context, alarm: dict[str, Any], now: float) -> None:
    """Find the state of a metric alarm and bring it there."""
    queries, periods = queries_of(alarm), alarm["EvaluationPeriods"]
    period, end = smallest_period(queries), window_end(alarm, now)
    times = [end - period * number for number in range(periods + EXTRA_PERIODS, 0, -1)]
    (returned,) = [query["Id"] for query in queries if query.get("ReturnData", True)]
    series = as_series(evaluate(aws, queries, times[0], end)[returned], times)
    points = [series.get(at) for at in times]
    compare, _ = COMPARISONS[alarm["ComparisonOperator"]]
    threshold, to_alarm = alarm["Threshold"], alarm.get("DatapointsToAlarm") or periods
    state = state_of(
        points,
        lambda point: compare(point, threshold),
        periods=periods,
        to_alarm=to_alarm,
        missing=alarm.get("TreatMissingData") or "missing",
        current=alarm["StateValue"],
    )
    if state == alarm["StateValue"]:
        return
    moment = datetime.fromtimestamp(now, UTC)
    move(
        aws, alarm, state, _reason(alarm, state, series, periods, to_alarm), _data(alarm, series, times, moment), moment
    )


def _reason(alarm: dict[str, Any], state: str, series: Series, periods: int, to_alarm: int) -> str:
    """As CloudWatch writes it, by recorded alarms."""
    points = sorted(series.items())[-periods:]
    if not points or state == alarms.INSUFFICIENT:
        number = f"{periods} datapoint{'s were' if periods > 1 else ' was'}"
        if state == alarms.INSUFFICIENT:
            return f"Insufficient Data: {number} unknown."
        return f"Threshold Crossed: no datapoints were received for {periods} period{'s' if periods > 1 else ''} " + (
            f"and {periods} missing datapoint{'s were' if periods > 1 else ' was'} treated as "
            f"[{'Breaching' if state == alarms.ALARM else 'NonBreaching'}]."
        )
    compare, words = COMPARISONS[alarm["ComparisonOperator"]]
    breaching = [(at, value) for at, value in points if compare(value, alarm["Threshold"])]
    told = breaching if state == alarms.ALARM and breaching else [each for each in points if each not in breaching]
    listed = ", ".join(f"{value} ({datetime.fromtimestamp(at, UTC):%d/%m/%y %H:%M:%S})" for at, value in reversed(told))
    verb = ("was" if len(told) == 1 else "were") + ("" if told and told[0] in breaching else " not")
    needed = to_alarm if state == alarms.ALARM else periods - to_alarm + 1
    return (
        f"Threshold Crossed: {len(told)} out of the last {len(points)} datapoints [{listed}] {verb} {words} the "
        f"threshold ({alarm['Threshold']}) (minimum {needed} datapoint{'s' if needed > 1 else ''} for "
        f"{'OK -> ALARM' if state == alarms.ALARM else 'ALARM -> OK'} transition)."
    )


def _data(alarm: dict[str, Any], series: Series, times: list[float], now: datetime) -> dict[str, Any]:
    def told(moment: float) -> str:
        return iso_milliseconds(utc(moment), "+0000")

    counted = evaluated([series.get(at) for at in times], alarm["EvaluationPeriods"])
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
    return {
        "version": "1.0",
        "queryDate": iso_milliseconds(now, "+0000"),
        "startDate": told(min(series, default=times[0])),
        **({"statistic": statistic} if statistic else {}),
        "period": smallest_period(queries_of(alarm)),
        "recentDatapoints": [point for point in counted if point is not None],
        "threshold": alarm["Threshold"],
        "evaluatedDatapoints": [
            {"timestamp": told(at), "value": series[at]} for at in sorted(series, reverse=True)[: len(counted)]
        ],
    }


def _settle_composite(aws: Context, name: str, now: float) -> bool:
    """Whether the composite alarm changed its state."""
    alarm = aws.store.get(alarms.KIND, name)
    if alarm is None:
        return False
    every = {each["AlarmName"]: each for each in alarms.every(aws)}
    rule = alarm_rules.parsed(alarm["AlarmRule"])
    holds = rule.holds({each: found["StateValue"] for each, found in every.items()})
    state = alarms.ALARM if holds else alarms.OK
    if state == alarm["StateValue"]:
        return False
    moment = datetime.fromtimestamp(now, UTC)
    children = [every[each] for each in sorted(rule.children) if each in every]
    data = {
        "triggeringAlarms": [{"arn": child["AlarmArn"], "state": {"value": child["StateValue"]}} for child in children]
    }
    states = ", ".join(f"{child['AlarmArn']} is {child['StateValue']}" for child in children) or "no alarm is named"
    move(aws, alarm, state, f"AlarmRule is {'met' if holds else 'no longer met'}: {states}", data, moment)
    return True
