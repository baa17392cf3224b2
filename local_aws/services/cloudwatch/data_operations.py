"""PutMetricData, GetMetricData, GetMetricStatistics and ListMetrics."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.bells import bell_of
from local_aws.services.cloudwatch import metrics
from local_aws.services.cloudwatch.math_functions import MathError
from local_aws.services.cloudwatch.queries import as_series, by_period, check_queries, evaluate, smallest_period
from local_aws.services.cloudwatch.statistics import StatisticError, check, value_of

#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
OLDEST_SECONDS = 14 * 86_400
NEWEST_SECONDS = 2 * 3600
MOST_DATAPOINTS = 1440
PAGE = 500
RECENT_SECONDS = 3 * 3600
ALARMS = "cloudwatch:alarms"


@operation("cloudwatch", "PutMetricData")
def put_metric_data(aws: Context, request: dict[str, Any]) -> None:
    if request.get("EntityMetricData"):
        raise ApiError("InvalidParameterValue", "EntityMetricData is not provided here: use MetricData")
    now = time.time()
    checked = [
        (metrics.metric_of({"Namespace": request["Namespace"], **datum}), _sample(datum, number, now))
        for number, datum in enumerate(request.get("MetricData", []), 1)
    ]
    with aws.store.transaction():
        for metric, sample in checked:
            metrics.record(aws, metric, sample)
    bell_of(aws.store, ALARMS).set()


def _sample(datum: dict[str, Any], number: int, now: float) -> metrics.Sample:
    place = f"MetricData.member.{number}"
    given = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if not given:
        raise ApiError(
            "MissingParameter",
            f"One of the parameters {place}.Value, {place}.Values or {place}.StatisticValues must be specified.",
        )
    if len(given) > 1:
        raise ApiError(
            "InvalidParameterCombination",
            f"The parameters {place}.{given[0]} and {place}.{given[1]} exclude each other.",
        )
    at = datum["Timestamp"].timestamp() if "Timestamp" in datum else now
    if not now - OLDEST_SECONDS <= at <= now + NEWEST_SECONDS:
        raise ApiError(
            "InvalidParameterValue",
            f"The parameter {place}.Timestamp must be no more than two weeks in the past and two hours in the future.",
        )
    if datum.get("StorageResolution") != 1:
        # Only high-resolution data is finer than a minute.
        at = at // metrics.MINUTE * metrics.MINUTE
    unit = datum.get("Unit", metrics.NO_UNIT)
    if "StatisticValues" in datum:
        summary = datum["StatisticValues"]
        numbers = [float(summary[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")]
        _check_finite(numbers, place)
        return metrics.Sample(at, unit, (), *numbers)
    values = [float(value) for value in datum.get("Values", [datum.get("Value")])]
    counts = [float(count) for count in datum.get("Counts", [1.0] * len(values))]
    if not values or len(values) != len(counts):
        raise ApiError("InvalidParameterValue", f"{place}: Values and Counts must be of the same, positive size.")
    _check_finite(values + counts, place)
    return metrics.sample_of_values(at, unit, values, counts)


def _check_finite(numbers: list[float], place: str) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise ApiError("InvalidParameterValue", f"The value NaN or Infinity for parameter {place} is invalid.")


@operation("cloudwatch", "GetMetricStatistics")
def get_metric_statistics(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    wanted = [*request.get("Statistics", []), *request.get("ExtendedStatistics", [])]
    if not wanted or ("Statistics" in request and "ExtendedStatistics" in request):
        raise ApiError("InvalidParameterCombination", "Either Statistics or ExtendedStatistics must be given.")
    start, end, period = _range(request, request["Period"])
    if (end - start) / period > MOST_DATAPOINTS:
        raise ApiError(
            "InvalidParameterCombination",
            f"You have requested up to {math.ceil((end - start) / period)} datapoints, which exceeds the limit of "
            f"{MOST_DATAPOINTS}.",
        )
    metric = metrics.metric_of(request)
    points = []
    try:
        for statistic in wanted:
            check(statistic)
        for at, found in by_period(
            metrics.samples(aws, metric, start, end, request.get("Unit")), period, start
        ).items():
            for unit in sorted({sample.unit for sample in found}):
                points.append(_point(at, unit, [sample for sample in found if sample.unit == unit], request))
    except StatisticError as error:
        raise ApiError("InvalidParameterValue", str(error)) from error
    return {"Label": request["MetricName"], "Datapoints": points}


def _point(at: float, unit: str, found: list[metrics.Sample], request: dict[str, Any]) -> dict[str, Any]:
    point: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit}
    for statistic in request.get("Statistics", []):
        point[statistic] = value_of(statistic, found)
    extended = {name: value_of(name, found) for name in request.get("ExtendedStatistics", [])}
    if extended:
        point["ExtendedStatistics"] = {name: value for name, value in extended.items() if value is not None}
    return point


def _range(request: dict[str, Any], period: int) -> tuple[float, float, int]:
    if period < 1 or (period >= 60 and period % 60) or (period < 60 and period not in (1, 5, 10, 20, 30)):
        raise ApiError("InvalidParameterValue", "Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    start, end = request["StartTime"].timestamp(), request["EndTime"].timestamp()
    if start >= end:
        raise ApiError("InvalidParameterValue", "StartTime must be less than EndTime.")
    return start // period * period, end, period


@operation("cloudwatch", "GetMetricData")
def get_metric_data(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    queries = request["MetricDataQueries"]
    period = smallest_period(queries)
    start, end, _ = _range(request, period)
    try:
        check_queries(queries)
        values = evaluate(aws, queries, start, end)
        times = [start + number * period for number in range(math.ceil((end - start) / period))]
        results = [
            _result(query, as_series(values[query["Id"]], times), request.get("ScanBy", "TimestampDescending"))
            for query in queries
            if query.get("ReturnData", True)
        ]
    except (MathError, StatisticError) as error:
        raise ApiError("ValidationError", f"Error in expression or statistic: {error}") from error
    return {"MetricDataResults": results, "Messages": []}


def _result(query: dict[str, Any], series: dict[float, float], scan_by: str) -> dict[str, Any]:
    times = sorted(series, reverse=scan_by == "TimestampDescending")
    name = query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"]
    return {
        "Id": query["Id"],
        "Label": query.get("Label", name),
        "Timestamps": [datetime.fromtimestamp(at, UTC) for at in times],
        "Values": [series[at] for at in times],
        "StatusCode": "Complete",
    }


@operation("cloudwatch", "ListMetrics")
def list_metrics(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    wanted = [(each["Name"], each.get("Value")) for each in request.get("Dimensions", [])]
    since = time.time() - RECENT_SECONDS if request.get("RecentlyActive") else 0.0
    found = [
        {name: known[name] for name in ("Namespace", "MetricName", "Dimensions")}
        for known in metrics.known_metrics(aws)
        if request.get("Namespace") in (None, known["Namespace"])
        and request.get("MetricName") in (None, known["MetricName"])
        and known["last"] >= since
        and _has_dimensions(known["Dimensions"], wanted)
    ]
    first = int(request.get("NextToken") or 0)
    more = {"NextToken": str(first + PAGE)} if first + PAGE < len(found) else {}
    return {"Metrics": found[first : first + PAGE], **more}


def _has_dimensions(dimensions: list[dict[str, str]], wanted: list[tuple[str, str | None]]) -> bool:
    own = {each["Name"]: each["Value"] for each in dimensions}
    return all(name in own and value in (None, own[name]) for name, value in wanted)
