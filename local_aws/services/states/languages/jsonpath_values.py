"""Values that fields such as SecondsPath and ToleratedFailurePercentagePath refer to, with AWS's words for bad ones."""

from __future__ import annotations

import math
from typing import Any

from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages.jsonpath import NoSuchNodeError
from local_aws.services.states.languages.payload_templates import read_path
from local_aws.services.states.languages.query_language import Scope
from local_aws.services.states.languages.references import parse_reference, path_error
from local_aws.services.states.languages.timestamps import seconds_of

LEAST = {"TimeoutSeconds": 1, "HeartbeatSeconds": 1}
MOST_PERCENT = 100


def whole_number(field: str, path: str, document: Any, scope: Scope) -> int:
    """Raises ``StateError`` States.Runtime."""
    if field in ("Seconds", "TimeoutSeconds", "HeartbeatSeconds"):
        return _seconds(field, path, document, scope)
    value = read_path(path, document, scope)
    number = _integer(value)
    if number is None:
        shown = value if isinstance(value, str) else dumps(value)
        raise path_error(f'The {field}Path field refers to value "{shown}" which is not a valid integer: {path}')
    if number < 0:
        raise path_error(f"{field} cannot be negative.")
    return number


def percentage(field: str, path: str, document: Any, scope: Scope) -> float:
    """Raises ``StateError`` States.Runtime."""
    value = read_path(path, document, scope)
    number = _float(value)
    if number is None:
        shown = value if isinstance(value, str) else dumps(value)
        raise path_error(f'The {field}Path field refers to value "{shown}" which is not a valid float: {path}')
    if not 0 <= number <= MOST_PERCENT:
        raise path_error(f"{field} must be between 0 and 100.")
    return number


def moment(field: str, path: str, document: Any, scope: Scope) -> float:
    """The time, in seconds since the epoch, that TimestampPath refers to."""
    return seconds_since_epoch(field, path, _referred(field, path, document, scope))


def seconds_since_epoch(field: str, source: str, value: Any) -> float:
    seconds = seconds_of(value)
    if seconds is None:
        raise path_error(
            f"The {field} parameter does not reference a valid ISO-8601 extended offset date-time format string: "
            f"{source} == {value if isinstance(value, str) else dumps(value)}"
        )
    return seconds


def _seconds(field: str, path: str, document: Any, scope: Scope) -> int:
    value = _referred(f"{field}Path", path, document, scope)
    if isinstance(value, bool) or not isinstance(value, int):
        shown = value if isinstance(value, str) else dumps(value)
        raise path_error(f"The {field}Path parameter cannot be parsed as a long value: {path} == {shown}")
    if value < 0:
        raise path_error(f"The {field}Path parameter references a negative value: {path} == {value}")
    if value < LEAST.get(field, 0):
        raise path_error(f"The {field}Path parameter must be greater than zero: {path} == {value}")
    return value


def _referred(field: str, path: str, document: Any, scope: Scope) -> Any:
    if not field.startswith(("Seconds", "Timestamp")):
        return read_path(path, document, scope)
    try:
        return parse_reference(path).read(document, scope)
    except NoSuchNodeError as error:
        raise path_error(f"The {field} parameter does not reference an input value: {path}") from error


def _integer(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _float(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
