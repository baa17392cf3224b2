"""BatchPutMetrics of sagemaker-metrics: numbers of a trial component, summed up in its description.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_metrics_BatchPutMetrics.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Required, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker.tracking.kinds import TRIAL_COMPONENT

INVALID = "VALIDATION_ERROR"


class RawMetricData(TypedDict, total=False):
    MetricName: Required[str]
    Timestamp: Required[datetime]
    Step: int
    Value: Required[float]


class BatchPutMetricsRequest(TypedDict):
    TrialComponentName: str
    MetricData: list[RawMetricData]


class BatchPutMetricsResponse(TypedDict):
    Errors: list[dict[str, Any]]


@operation("sagemaker-metrics", "BatchPutMetrics")
def batch_put_metrics(aws: Context, request: BatchPutMetricsRequest) -> BatchPutMetricsResponse:
    with aws.store.transaction():
        try:
            component = TRIAL_COMPONENT.find(aws, request["TrialComponentName"])
        except ApiError:
            # The operation has no errors of its own: each metric says what became of it.
            return {"Errors": [{"Code": INVALID, "MetricIndex": index} for index in range(len(request["MetricData"]))]}
        summaries = {one["MetricName"]: one for one in component.get("Metrics", [])}
        for datum in request["MetricData"]:
            name = datum["MetricName"]
            summaries[name] = _add(summaries.get(name), datum, component["TrialComponentArn"])
        TRIAL_COMPONENT.put(aws, {**component, "Metrics": list(summaries.values())})
    return {"Errors": []}


def _add(summary: dict[str, Any] | None, datum: RawMetricData, source: str) -> dict[str, Any]:
    """TrialComponentMetricSummary; the deviation is kept up by Welford's method from the mean and the count."""
    value, moment = datum["Value"], datum["Timestamp"].astimezone(UTC)
    if summary is None:
        summary = {"Count": 0, "Avg": 0.0, "StdDev": 0.0, "Min": value, "Max": value, "TimeStamp": moment}
    count, mean = summary["Count"], summary["Avg"]
    new_mean = mean + (value - mean) / (count + 1)
    squares = summary["StdDev"] ** 2 * count + (value - mean) * (value - new_mean)
    latest = moment >= summary["TimeStamp"]
    return {
        "MetricName": datum["MetricName"],
        "SourceArn": source,
        "TimeStamp": max(moment, summary["TimeStamp"]),
        "Count": count + 1,
        "Avg": new_mean,
        "StdDev": (squares / (count + 1)) ** 0.5,
        "Min": min(value, summary["Min"]),
        "Max": max(value, summary["Max"]),
        "Last": value if latest else summary["Last"],
    }
