"""``statistics.json`` as SageMaker Model Monitor's containers write it, with the sketches that make it mergeable.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html: what it names is written as it says;
containers may add. Ours adds ``vigil`` to the file and to each feature: Model Monitor recognises KLL sketches only, so
``kll`` holds the ten buckets, and the t-digest stands beside it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
from datasketches import frequent_strings_sketch, hll_sketch, tdigest_double

from vigil.monitoring.columns import BY_NAME
from vigil.monitoring.numbers import NumberProfile
from vigil.monitoring.profile import ColumnProfile, Profile
from vigil.monitoring.values import ValuesProfile

FORMAT = "vigil.monitoring-statistics/2"
BUCKETS = 10  # Model Monitor's own number
TOP_VALUES = 100  # shown as Model Monitor does, rare ones left out; the sketch has the digests of all that are kept


class StatisticsError(ValueError):
    """A file is no ``statistics.json`` of Vigil's; the message names the feature."""


def statistics_of(profile: Profile) -> dict[str, Any]:
    """The document, ready for JSON."""
    return {
        "version": 0.0,
        "dataset": {"item_count": profile.rows},
        "features": [_feature(name, column) for name, column in profile.columns.items()],
        "vigil": {"format": FORMAT, "extra_columns": sorted(profile.extra)},
    }


def profile_of(statistics: Any) -> Profile:
    """What ``statistics_of`` told. Raises ``StatisticsError``."""
    profile = Profile()
    name = "the file itself"
    try:
        if statistics["vigil"]["format"] != FORMAT:
            raise StatisticsError(
                f"statistics of the format {statistics['vigil']['format']!r}: {FORMAT} is what is read"
            )
        profile.rows = int(statistics["dataset"]["item_count"])
        profile.extra = set(statistics["vigil"]["extra_columns"])
        for feature in statistics["features"]:
            name = str(feature["name"])
            profile.columns[name] = _numbers(feature) if BY_NAME[name].is_number else _values(feature)
    except StatisticsError:
        raise
    except (LookupError, TypeError, ValueError, RuntimeError, MemoryError, binascii.Error) as error:
        raise StatisticsError(f"statistics of {name} cannot be read ({error!r}): make the baseline again") from error
    return profile


def _feature(name: str, column: ColumnProfile) -> dict[str, Any]:
    common = {"num_present": column.present, "num_missing": column.missing}
    if isinstance(column, NumberProfile):
        told = {"numerical_statistics": {"common": common, **_moments(column)}, "vigil": _number_sketch(column)}
    else:
        told = {"string_statistics": {"common": common, **_counts(column)}, "vigil": _value_sketch(column)}
    return {"name": name, "inferred_type": BY_NAME[name].type, **told}


def _moments(column: NumberProfile) -> dict[str, Any]:
    low, high = column.bounds or (0.0, 0.0)
    return {
        "mean": column.mean,
        "sum": column.mean * column.present,
        "std_dev": column.deviation,
        "min": low,
        "max": high,
        "distribution": {"kll": {"buckets": _buckets(column, low, high)}},
    }


def _buckets(column: NumberProfile, low: float, high: float) -> list[dict[str, float]]:
    """Ten of the same width, as Model Monitor makes them; none without a number, one where all are the same."""
    if not column.present:
        return []
    edges = [float(edge) for edge in np.linspace(low, high, BUCKETS + 1)] if low < high else [low, high]
    if len(set(edges)) < len(edges):  # the same number, or closer than floats can divide
        edges = [low, high]
    counts = column.shares(edges[1:-1]) * column.present
    return [
        {"lower_bound": start, "upper_bound": end, "count": round(float(count), 3)}
        for start, end, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _counts(column: ValuesProfile) -> dict[str, Any]:
    texts = set(column.tellable())
    top = [(value, count) for value, count in column.counts.items() if value in texts][:TOP_VALUES]
    buckets = [{"value": value, "count": count} for value, count in top]
    return {"distinct_count": column.distinct, "distribution": {"categorical": {"buckets": buckets}}}


def _number_sketch(column: NumberProfile) -> dict[str, Any]:
    return {
        "mistyped": column.mistyped,
        "whole": column.whole,
        "squares": column.squares,
        "tdigest": _text(column.digest.serialize()),
    }


def _value_sketch(column: ValuesProfile) -> dict[str, Any]:
    return {
        "mistyped": column.mistyped,
        "occurrences": column.occurrences,
        "count_error": column.error,
        "capacity": column.capacity,
        "texts": column.tellable(),
        "frequent_items": _text(column.canonical_sketch()),
        "hll": _text(column.distinct_sketch.serialize_updatable()),
    }


def _numbers(feature: Any) -> NumberProfile:
    told, ours = feature["numerical_statistics"], feature["vigil"]
    column = NumberProfile()
    column.present, column.missing = int(told["common"]["num_present"]), int(told["common"]["num_missing"])
    column.mistyped, column.whole = int(ours["mistyped"]), int(ours["whole"])
    column.mean, column.squares = float(told["mean"]), float(ours["squares"])
    column.digest = tdigest_double.deserialize(_bytes(ours["tdigest"]))
    return column


def _values(feature: Any) -> ValuesProfile:
    told, ours = feature["string_statistics"], feature["vigil"]
    column = ValuesProfile(int(ours["capacity"]))
    column.present, column.missing = int(told["common"]["num_present"]), int(told["common"]["num_missing"])
    column.mistyped, column.occurrences = int(ours["mistyped"]), int(ours["occurrences"])
    column.sketch = frequent_strings_sketch.deserialize(_bytes(ours["frequent_items"]))
    column.name(str(text) for text in ours["texts"])
    column.distinct_sketch = hll_sketch.deserialize(_bytes(ours["hll"]))
    return column


def _text(sketch: bytes) -> str:
    return base64.b64encode(sketch).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
