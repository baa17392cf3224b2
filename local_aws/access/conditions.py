"""The Condition element of a statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local_aws.access.patterns import (
    ARN_PARTS,
    LITERALS,
    Context,
    MissingVariableError,
    glob,
    matches_arn,
    with_variables,
)

Test = Callable[[str, str], bool]
SETS = ("ForAllValues", "ForAnyValue")


def holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every operator holds for every one of its keys. ``context`` has keys in lower case."""
    return all(
        _operator_holds(operator, key, _texts(values), context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _operator_holds(operator: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    name, quantifier, optional = _parts(operator)
    found = context.get(key.lower())
    if name == "Null":
        return any((text.lower() == "true") == (found is None) for text in wanted)
    if name not in OPERATORS:
        return False  # IAM refuses to save an unknown operator; a statement that holds one never applies
    test, negated = OPERATORS[name]
    if found is None:
        # A negated operator and ForAllValues hold for a key that the request does not have.
        return optional or negated or quantifier == "ForAllValues"
    if quantifier == "ForAllValues":
        return all(_matches(test, negated, wanted, value, context) for value in found)
    if quantifier == "ForAnyValue":
        return any(_matches(test, negated, wanted, value, context) for value in found)
    return bool(found) and all(_matches(test, negated, wanted, value, context) for value in found)


def _parts(operator: str) -> tuple[str, str | None, bool]:
    """``ForAnyValue:StringLikeIfExists`` as (StringLike, ForAnyValue, True)."""
    quantifier, _, name = operator.rpartition(":")
    optional = name.endswith("IfExists")
    return name.removesuffix("IfExists"), quantifier if quantifier in SETS else None, optional


def _matches(test: Test, negated: bool, wanted: Sequence[str], value: str, context: Context) -> bool:
    """One value of the request against all of the policy's: any of them, or none of them when negated."""
    return any(_tested(test, text, value, context) for text in wanted) != negated


def _tested(test: Test, text: str, value: str, context: Context) -> bool:
    try:
        return test(with_variables(text, context), value)
    except (MissingVariableError, ValueError):
        return False


def _texts(values: Any) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]


def _literal(text: str) -> str:
    """The text of an operator that has no wildcards."""
    return text.replace(LITERALS["*"], "*").replace(LITERALS["?"], "?")


def _moment(text: str) -> datetime:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_network(wanted: str, value: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(_literal(wanted), strict=False)


def _same_bytes(wanted: str, value: str) -> bool:
    return base64.b64decode(_literal(wanted)) == base64.b64decode(value)


def _numeric(compare: Callable[[float, float], bool]) -> Test:
    return lambda wanted, value: compare(float(value), float(wanted))


def _dated(compare: Callable[[datetime, datetime], bool]) -> Test:
    return lambda wanted, value: compare(_moment(value), _moment(wanted))


def _arn_like(wanted: str, value: str) -> bool:
    """An ARN has six parts, and each is compared by itself."""
    return wanted == "*" or (wanted.count(":") >= ARN_PARTS - 1 and matches_arn(wanted, value))


def _equal(wanted: str, value: str) -> bool:
    return _literal(wanted) == value


def _equal_ignoring_case(wanted: str, value: str) -> bool:
    return _literal(wanted).lower() == value.lower()


#: Operator, without IfExists and quantifier, to (test of one wanted and one found value, whether it is negated).
OPERATORS: dict[str, tuple[Test, bool]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equal_ignoring_case, True),
    "StringLike": (glob, False),
    "StringNotLike": (glob, True),
    # Both forms of each ARN operator behave the same.
    "ArnEquals": (_arn_like, False),
    "ArnLike": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnNotLike": (_arn_like, True),
    "NumericEquals": (_numeric(lambda a, b: a == b), False),
    "NumericNotEquals": (_numeric(lambda a, b: a == b), True),
    "NumericLessThan": (_numeric(lambda a, b: a < b), False),
    "NumericLessThanEquals": (_numeric(lambda a, b: a <= b), False),
    "NumericGreaterThan": (_numeric(lambda a, b: a > b), False),
    "NumericGreaterThanEquals": (_numeric(lambda a, b: a >= b), False),
    "DateEquals": (_dated(lambda a, b: a == b), False),
    "DateNotEquals": (_dated(lambda a, b: a == b), True),
    "DateLessThan": (_dated(lambda a, b: a < b), False),
    "DateLessThanEquals": (_dated(lambda a, b: a <= b), False),
    "DateGreaterThan": (_dated(lambda a, b: a > b), False),
    "DateGreaterThanEquals": (_dated(lambda a, b: a >= b), False),
    "Bool": (_equal_ignoring_case, False),
    "BinaryEquals": (_same_bytes, False),
    "IpAddress": (_in_network, False),
    "NotIpAddress": (_in_network, True),
}
