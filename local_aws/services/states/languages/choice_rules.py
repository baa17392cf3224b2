"""The rules of a Choice state in JSONPath.

A comparison with a value of another type does not hold; a variable that is not there ends the execution, unless the
rule asks whether it is present.
https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from local_aws.services.states.languages.jsonpath import NoSuchNodeError
from local_aws.services.states.languages.query_language import Scope
from local_aws.services.states.languages.references import parse_reference, path_error
from local_aws.services.states.languages.timestamps import seconds_of

Comparison = Callable[[Any, Any], bool]
ORDERS: dict[str, Comparison] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


#: What a value must be to be compared; None when it is not.
KINDS: dict[str, Callable[[Any], Any]] = {"String": _text, "Numeric": _number, "Timestamp": seconds_of}
TESTS: dict[str, Callable[[Any], bool]] = {
    "IsBoolean": lambda value: _boolean(value) is not None,
    "IsNull": lambda value: value is None,
    "IsNumeric": lambda value: _number(value) is not None,
    "IsString": lambda value: _text(value) is not None,
    "IsTimestamp": lambda value: seconds_of(value) is not None,
}


def _comparison(kind: Callable[[Any], Any], order: Comparison) -> Comparison:
    def compare(value: Any, expected: Any) -> bool:
        left, right = kind(value), kind(expected)
        return left is not None and right is not None and order(left, right)

    return compare


COMPARISONS: dict[str, Comparison] = {
    "BooleanEquals": _comparison(_boolean, operator.eq),
    **{f"{name}{order}": _comparison(kind, ORDERS[order]) for name, kind in KINDS.items() for order in ORDERS},
}
MATCHES, PRESENT = "StringMatches", "IsPresent"
#: Every operator that a rule may have beside Variable.
OPERATORS = frozenset({*COMPARISONS, *(f"{name}Path" for name in COMPARISONS), *TESTS, MATCHES, PRESENT})


def holds(rule: Mapping[str, Any], document: Any, scope: Scope) -> bool:
    """Raises ``StateError`` States.Runtime for a variable that is not there."""
    if "Not" in rule:
        return not holds(rule["Not"], document, scope)
    if "And" in rule:
        return all(holds(part, document, scope) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part, document, scope) for part in rule["Or"])
    name = next(field for field in rule if field in OPERATORS)
    if name == PRESENT:
        return _is_present(rule["Variable"], document, scope) is rule[name]
    value = _read(rule["Variable"], document, scope)
    if name in TESTS:
        return TESTS[name](value) is rule[name]
    if name == MATCHES:
        return isinstance(value, str) and pattern(rule[name]).fullmatch(value) is not None
    if name in COMPARISONS:
        return COMPARISONS[name](value, rule[name])
    return COMPARISONS[name.removesuffix("Path")](value, _read(rule[name], document, scope))


def _read(path: str, document: Any, scope: Scope) -> Any:
    try:
        return parse_reference(path).read(document, scope)
    except NoSuchNodeError as error:
        cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
        raise path_error(cause) from error


def _is_present(path: str, document: Any, scope: Scope) -> bool:
    try:
        parse_reference(path).read(document, scope)
    except NoSuchNodeError:
        return False
    return True


@lru_cache(1024)
def pattern(text: str) -> re.Pattern[str]:
    r"""StringMatches: ``*`` stands for any characters, ``\*`` and ``\\`` for themselves."""
    pieces = re.findall(r"\\[*\\]|.", text, re.DOTALL)
    return re.compile("".join(".*" if piece == "*" else re.escape(piece[-1]) for piece in pieces), re.DOTALL)
