"""Unstructured events: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""

from __future__ import annotations

import pytest

from local_aws.api import ApiError
from local_aws.services.logs.patterns import compile_pattern

MESSAGES = ("[ERROR 400] BAD REQUEST", "[WARN] slow", "[ERROR 419] ARGUMENTS MISSING", "fine")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", [0, 1, 2, 3]),
        ("ERROR", [0, 2]),
        ("error", []),
        ("ERROR ARGUMENTS", [2]),
        ("?ERROR ?WARN", [0, 1, 2]),
        ("ERROR -ARGUMENTS", [0]),
        ('"BAD REQUEST"', [0]),
        ("%ERROR 4[01]%", [0, 2]),
        ('-"[WARN]"', [0, 2, 3]),
    ],
)
def test_patterns_choose_messages(pattern: str, found: list[int]) -> None:
    matches = compile_pattern(pattern)
    assert [number for number, message in enumerate(MESSAGES) if matches(message)] == found


@pytest.mark.parametrize("pattern", ["{ $.level = 1 }", "[ip, user]", "a.b", "%(%"])
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ApiError, match="InvalidParameterException"):
        compile_pattern(pattern)
