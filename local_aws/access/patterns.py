"""Wildcards, ARN patterns and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

VARIABLE = re.compile(r"\$\{(?P<key>[^},]+?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?\}")
#: ``${*}``, ``${?}`` and ``${$}`` stand for the characters themselves.
LITERALS = {"*": "\ue000", "?": "\ue001", "$": "$"}
ARN_PARTS = 6

Context = Mapping[str, Sequence[str]]


class MissingVariableError(Exception):
    """A policy variable has no value in this request: what holds it matches nothing."""


def glob(pattern: str, text: str) -> bool:
    """``*`` is any run of characters, ``?`` any one; letters in the case given."""
    return _compiled(pattern).fullmatch(text) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Each of the six parts by itself, so that a wildcard never reaches over a colon before the resource part."""
    if pattern == "*":
        return True
    wanted, found = pattern.split(":", ARN_PARTS - 1), arn.split(":", ARN_PARTS - 1)
    if len(wanted) != ARN_PARTS or len(found) != ARN_PARTS:
        return glob(pattern, arn)
    return all(glob(part, value) for part, value in zip(wanted, found, strict=True))


def with_variables(text: str, context: Context) -> str:
    """``text`` with its variables filled in. Raises ``MissingVariableError``."""
    if "${" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        key = match["key"].strip()
        if key in LITERALS:
            return LITERALS[key]
        values = context.get(key.lower(), ())
        if len(values) == 1:
            # A value from the request is never a wildcard.
            return values[0].replace("*", LITERALS["*"]).replace("?", LITERALS["?"])
        if match["default"] is not None:
            return str(match["default"])
        raise MissingVariableError(key)

    return VARIABLE.sub(value, text)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": ".", LITERALS["*"]: re.escape("*"), LITERALS["?"]: re.escape("?")}
    return re.compile("".join(parts.get(character) or re.escape(character) for character in pattern), re.DOTALL)
