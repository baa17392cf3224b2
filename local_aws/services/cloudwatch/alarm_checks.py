"""Refusing alarms that CloudWatch refuses, and those that this server could not evaluate or act on.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

from typing import Any

from local_aws.api import ApiError, Context
from local_aws.services.cloudwatch import alarm_rules, alarms
from local_aws.services.cloudwatch.alarm_evaluation import COMPARISONS
from local_aws.services.cloudwatch.queries import check_queries, smallest_period
from local_aws.services.cloudwatch.statistics import check

ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
ACTING = (":sns:", ":lambda:")
MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")
DAY, WEEK = 86_400, 604_800
NOT_PROVIDED = ("ThresholdMetricId", "EvaluationCriteria", "EvaluationWindow", "WarmUpConfiguration")


def check_actions(request: dict[str, Any]) -> None:
    for name in ACTIONS:
        for arn in request.get(name, []):
            if not any(service in arn for service in ACTING):
                raise ApiError("ValidationError", f"{name}: {arn} is no action here: only SNS topics and functions act")


def check_metric_alarm(request: dict[str, Any]) -> None:
    for name in NOT_PROVIDED:
        if name in request:
            raise ApiError("ValidationError", f"{name} is not provided here: leave it out")
    check_actions(request)
    if "Metrics" in request:
        _check_metrics(request)
        period = smallest_period(request["Metrics"])
    else:
        _check_single(request)
        period = request["Period"]
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        raise ApiError("ValidationError", "Period must be 10, 20, 30 or a multiple of 60")
    _check_evaluation(request, period)


def _check_single(request: dict[str, Any]) -> None:
    missing = [name for name in ("MetricName", "Namespace", "Period") if name not in request]
    if missing:
        raise ApiError("ValidationError", f"The parameter {missing[0]} must be given, or Metrics instead")
    if ("Statistic" in request) == ("ExtendedStatistic" in request):
        raise ApiError("ValidationError", "Exactly one of Statistic and ExtendedStatistic must be given")
    try:
        check(request.get("Statistic") or request["ExtendedStatistic"])
    except ValueError as error:
        raise ApiError("ValidationError", str(error)) from error


def _check_metrics(request: dict[str, Any]) -> None:
    if any(name in request for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period")):
        raise ApiError("ValidationError", "Metrics and the parameters of a single metric exclude each other")
    returned = [query for query in request["Metrics"] if query.get("ReturnData", True)]
    if len(returned) != 1:
        raise ApiError("ValidationError", "Exactly one element of Metrics must return data")
    try:
        check_queries(request["Metrics"])
    except ValueError as error:
        raise ApiError("ValidationError", str(error)) from error


def _check_evaluation(request: dict[str, Any], period: int) -> None:
    periods = request.get("EvaluationPeriods")
    if periods is None or request.get("ComparisonOperator") not in COMPARISONS or "Threshold" not in request:
        raise ApiError(
            "ValidationError",
            "EvaluationPeriods, Threshold and a ComparisonOperator of a fixed threshold must be given: anomaly bands "
            "are not provided here",
        )
    longest = WEEK if period >= 3600 else DAY
    if periods * period > longest:
        raise ApiError("ValidationError", f"EvaluationPeriods times Period must not exceed {longest} seconds")
    if request.get("DatapointsToAlarm", periods) > periods:
        raise ApiError("ValidationError", "DatapointsToAlarm must not be more than EvaluationPeriods")
    if request.get("TreatMissingData", "missing") not in MISSING_DATA:
        raise ApiError("ValidationError", f"TreatMissingData must be one of {', '.join(MISSING_DATA)}")


def check_composite_alarm(aws: Context, request: dict[str, Any]) -> None:
    if any(name.startswith("ActionsSuppressor") for name in request):
        raise ApiError("ValidationError", "ActionsSuppressor is not provided here: leave it out")
    check_actions(request)
    try:
        children = alarm_rules.parsed(request["AlarmRule"]).children
    except ValueError as error:
        raise ApiError("ValidationError", f"Error in AlarmRule: {error}") from error
    known = {alarm["AlarmName"]: alarm for alarm in alarms.every(aws)}
    unknown = sorted(children - set(known))
    if unknown:
        raise ApiError("ValidationError", f"Could not save the composite alarm: unknown alarms {', '.join(unknown)}")
    _check_no_circle(request["AlarmName"], children, known)


def _check_no_circle(name: str, children: frozenset[str], known: dict[str, dict[str, Any]]) -> None:
    waiting, seen = list(children), set(children)
    while waiting:
        child = waiting.pop()
        if child == name:
            raise ApiError("ValidationError", f"Could not save the composite alarm: {name} would depend on itself")
        if known[child]["Type"] == alarms.COMPOSITE:
            more = alarm_rules.parsed(known[child]["AlarmRule"]).children & set(known) - seen
            seen |= more
            waiting.extend(more)
