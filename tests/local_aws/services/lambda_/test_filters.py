"""Which records a mapping wants.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.api import ApiError
from local_aws.services.lambda_.filters import check, matches


def mapping(*patterns: dict[str, Any]) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}}


@pytest.mark.parametrize(
    ("pattern", "record", "expected"),
    [
        ({"body": {"n": [{"numeric": [">", 1]}]}}, {"body": '{"n": 2}'}, True),
        ({"body": {"n": [{"numeric": [">", 1]}]}}, {"body": "plain"}, False),
        ({"body": ["plain"]}, {"body": "plain"}, True),
        ({"body": [{"prefix": "pl"}]}, {"body": "plain"}, True),
        ({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"k": {"S": [{"exists": True}]}}}},
         {"eventName": "INSERT", "dynamodb": {"NewImage": {"k": {"S": "v"}}}}, True),
        ({"eventName": ["REMOVE"]}, {"eventName": "INSERT"}, False),
    ],
)  # fmt: skip
def test_filter(pattern: dict[str, Any], record: dict[str, Any], expected: bool) -> None:
    assert matches(mapping(pattern), record) is expected
    assert matches(mapping({"body": ["never"]}, pattern), record) is expected
    assert matches({}, record) is True


def test_filter_that_nobody_understands_is_refused() -> None:
    for text in ("", "{", '{"body": "x"}', '{"body": [{"sounds-like": "x"}]}'):
        with pytest.raises(ApiError, match="Invalid filter pattern definition"):
            check({"Filters": [{"Pattern": text}]})
    with pytest.raises(ApiError, match="at most"):
        check(mapping(*[{"body": ["x"]}] * 6)["FilterCriteria"])
    check(None)
