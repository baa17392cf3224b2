"""Whether a document satisfies a search expression.

Operators and property types: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Filter.html; expressions:
API_SearchExpression, API_NestedFilters. ``Tags.<key>``, ``Metrics.<name>`` and ``HyperParameters.<name>`` name an
element; other names are paths of members, on which a list has each of its elements' values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Required, TypedDict

from local_aws.services.sagemaker.errors import validation_error

Document = Mapping[str, Any]
#: A SearchExpression holds at most so many filters and expressions, all levels together.
LARGEST_EXPRESSION = 50
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "GreaterThan": lambda own, given: bool(own > given),
    "GreaterThanOrEqualTo": lambda own, given: bool(own >= given),
    "LessThan": lambda own, given: bool(own < given),
    "LessThanOrEqualTo": lambda own, given: bool(own <= given),
}


class Filter(TypedDict, total=False):
    Name: Required[str]
    Operator: str
    Value: str


class NestedFilter(TypedDict):
    NestedPropertyName: str
    Filters: list[Filter]


class SearchExpression(TypedDict, total=False):
    Filters: list[Filter]
    NestedFilters: list[NestedFilter]
    SubExpressions: list[SearchExpression]
    Operator: str


def names_in(expression: SearchExpression) -> list[str]:
    """Every property that an expression names, those of nested filters by their list."""
    names = [one["Name"] for one in expression.get("Filters", [])]
    names += [one["NestedPropertyName"] for one in expression.get("NestedFilters", [])]
    for part in expression.get("SubExpressions", []):
        names += names_in(part)
    return names


def check(expression: SearchExpression) -> None:
    """Raises a ValidationException for an expression that is empty, too large or without a needed value."""
    if _size(expression) > LARGEST_EXPRESSION:
        raise validation_error(f"A SearchExpression holds at most {LARGEST_EXPRESSION} filters and expressions.")
    filters = list(expression.get("Filters", []))
    for nested in expression.get("NestedFilters", []):
        filters += nested["Filters"]
    parts = expression.get("SubExpressions", [])
    if not filters and not parts:
        raise validation_error("A SearchExpression needs at least one subexpression, filter, or nested filter.")
    for one in filters:
        if one.get("Operator", "Equals") not in ("Exists", "NotExists") and "Value" not in one:
            raise validation_error(f"The filter on {one['Name']} needs a Value.")
    for part in parts:
        check(part)


def satisfies(document: Document, expression: SearchExpression) -> bool:
    results = [_holds(document, one) for one in expression.get("Filters", [])]
    for nested in expression.get("NestedFilters", []):
        elements = _walk(document, nested["NestedPropertyName"].split("."))
        prefix = nested["NestedPropertyName"] + "."
        inner = [{**one, "Name": one["Name"].removeprefix(prefix)} for one in nested["Filters"]]
        results.append(any(all(_holds(element, one) for one in inner) for element in elements))  # type: ignore[arg-type]
    results += [satisfies(document, part) for part in expression.get("SubExpressions", [])]
    return any(results) if expression.get("Operator", "And") == "Or" else all(results)


def values_of(document: Document, name: str) -> list[Any]:
    """The values that a document has of a property, none where it has not got it."""
    first, _, rest = name.partition(".")
    if first == "Tags" and rest:
        return [tag["Value"] for tag in document.get("Tags", []) if tag["Key"] == rest]
    if first == "Metrics" and rest:
        return _metrics(document, rest)
    if first in ("HyperParameters", "Parameters") and rest:
        value = document.get(first, {}).get(rest)
        if isinstance(value, Mapping):
            value = next(iter(value.values()), None)
        return [] if value is None else [value]
    return _walk(document, name.split("."))


def _metrics(document: Document, name: str) -> list[Any]:
    """A training job's final metric, or a trial component's: ``<name>.Max`` is a statistic, without one the last."""
    finals = [one["Value"] for one in document.get("FinalMetricDataList", []) if one["MetricName"] == name]
    summaries = {one["MetricName"]: one for one in document.get("Metrics", [])}
    if name in summaries:
        return [summaries[name]["Last"]]
    base, _, statistic = name.rpartition(".")
    found = summaries.get(base, {}).get(statistic)
    return finals if found is None else [found]


def _walk(value: Any, path: Sequence[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for element in value for found in _walk(element, path)]
    if not path:
        return [value]
    if not isinstance(value, Mapping) or path[0] not in value:
        return []
    return _walk(value[path[0]], path[1:])


def _holds(document: Document, one: Filter) -> bool:
    operator, given, values = one.get("Operator", "Equals"), one.get("Value", ""), values_of(document, one["Name"])
    if operator == "Exists":
        return bool(values)
    if operator == "NotExists":
        return not values
    if operator == "NotEquals":
        return not any(_equal(value, given) for value in values)
    return any(_compare(operator, value, given, one["Name"]) for value in values)


def _compare(operator: str, value: Any, given: str, name: str) -> bool:
    if operator == "Equals":
        return _equal(value, given)
    if operator == "In":
        return any(_equal(value, part.strip()) for part in given.split(","))
    if operator == "Contains":
        return given in str(value)
    if isinstance(value, datetime):
        return ORDER[operator](value, _moment(given))
    own, other = _number(value), _number(given)
    if other is None:
        raise validation_error(f"{operator} is not supported for text: the filter on {name} needs a number or a time.")
    return own is not None and ORDER[operator](own, other)


def _equal(value: Any, given: str) -> bool:
    if isinstance(value, datetime):
        return value == _moment(given)
    if isinstance(value, bool):
        return given.lower() == str(value).lower()
    if isinstance(value, int | float):
        return value == _number(given)
    return str(value) == given


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise validation_error(f"'{text}' is no date-time of the form YYYY-mm-dd'T'HH:MM:SS.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _size(expression: SearchExpression) -> int:
    nested = sum(1 + len(one["Filters"]) for one in expression.get("NestedFilters", []))
    parts = sum(1 + _size(part) for part in expression.get("SubExpressions", []))
    return len(expression.get("Filters", [])) + nested + parts
