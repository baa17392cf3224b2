"""The guard that holds DynamoDB's limits: items of a batch, digits of a number, size of an item.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html (sizes)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from local_aws.api import ApiError
from local_aws.calls.incoming import IncomingCall
from local_aws.protocol import Response

WRITES = frozenset({"PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"})
MOST_WRITTEN = 25
MOST_DIGITS = 38
LARGEST_ITEM = 400 * 1024
LARGEST_EXPONENT, SMALLEST_EXPONENT = 125, -130


class Limits:
    def before(self, call: IncomingCall) -> Response | None:
        if call.service == "dynamodb" and call.action in WRITES:
            check(call.action, call.parameters)
        return None

    def after(self, call: IncomingCall, response: Response) -> Response:
        return response


def check(operation: str, request: Mapping[str, Any]) -> None:
    """Raises ``ApiError`` (ValidationException) for what DynamoDB would not take. Other mistakes are left to moto."""
    tables = request.get("RequestItems")
    written = [each for each in tables.values() if isinstance(each, list)] if isinstance(tables, Mapping) else []
    if operation == "BatchWriteItem" and sum(map(len, written)) > MOST_WRITTEN:
        raise _invalid("Too many items requested for the BatchWriteItem call")
    for number in _numbers(request):
        _check_number(number)
    for item in _items(request):
        if sum(len(name.encode()) + _size(value) for name, value in item.items()) > LARGEST_ITEM:
            raise _invalid("Item size has exceeded the maximum allowed size")


def _numbers(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, Mapping):
        for kind, each in value.items():
            if kind == "N" and isinstance(each, str) and len(value) == 1:
                yield each
            elif kind == "NS" and isinstance(each, list) and len(value) == 1:
                yield from (number for number in each if isinstance(number, str))
            else:
                yield from _numbers(each)


def _check_number(text: str) -> None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return
    if not number.is_finite() or not number:
        return
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > MOST_DIGITS:
        raise _invalid(f"Attempting to store more than {MOST_DIGITS} significant digits in a Number")
    if number.adjusted() > LARGEST_EXPONENT:
        raise _invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if number.adjusted() < SMALLEST_EXPONENT:
        raise _invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    """Whole items: of a put, of each put of a batch, of each put of a transaction."""
    if not isinstance(value, Mapping):
        return
    if isinstance(value.get("Item"), Mapping):
        yield value["Item"]
    tables = value.get("RequestItems")
    lists = list(tables.values()) if isinstance(tables, Mapping) else [value.get("TransactItems")]
    for each in (request for requests in lists if isinstance(requests, list) for request in requests):
        if isinstance(each, Mapping):
            put = each.get("PutRequest", each.get("Put"))
            if isinstance(put, Mapping) and isinstance(put.get("Item"), Mapping):
                yield put["Item"]


def _size(value: Any) -> int:
    if not isinstance(value, Mapping) or len(value) != 1:
        return 0
    [(kind, held)] = value.items()
    if kind == "S":
        return len(str(held).encode())
    if kind == "B":
        return len(held.rstrip("=")) * 3 // 4 if isinstance(held, str) else 0
    if kind == "N":
        return len(str(held).strip("-0.")) // 2 + 2
    if kind in ("SS", "NS", "BS") and isinstance(held, list):
        return sum(_size({kind[0]: each}) for each in held)
    if kind == "L" and isinstance(held, list):
        return 3 + sum(1 + _size(each) for each in held)
    if kind == "M" and isinstance(held, Mapping):
        return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in held.items())
    return 1


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)
