"""Condition operators as the IAM User Guide's pages describe them (addresses in ``local_aws.access.conditions``)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.access.conditions import OPERATORS, holds
from local_aws.access.patterns import glob, matches_arn

CONTEXT = {
    "aws:principaltag/team": ["red"],
    "s3:prefix": ["home/alice/"],
    "aws:sourceip": ["10.1.2.3"],
    "aws:currenttime": ["2024-02-29T12:00:00Z"],
    "aws:securetransport": ["true"],
    "s3:max-keys": ["10"],
    "aws:sourcearn": ["arn:aws:sns:us-east-1:123456789012:topic"],
    "aws:tagkeys": ["a", "b"],
    "aws:userid": ["AROA1:alice"],
    "kms:plain": ["aGVsbG8="],
    "empty": [],
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("StringEquals", "aws:PrincipalTag/team", "red", True),
        ("StringEquals", "aws:PrincipalTag/team", ["blue", "red"], True),
        ("StringEquals", "aws:PrincipalTag/team", "Red", False),
        ("StringEquals", "aws:PrincipalTag/team", "r*", False),
        ("StringNotEquals", "aws:PrincipalTag/team", ["blue", "red"], False),
        ("StringNotEquals", "aws:PrincipalTag/other", "red", True),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "RED", True),
        ("StringLike", "s3:prefix", "home/*", True),
        ("StringLike", "s3:prefix", "home/?lice/", True),
        ("StringNotLike", "s3:prefix", "home/*", False),
        ("StringEquals", "s3:prefix", "", False),
        ("StringEquals", "absent", "x", False),
        ("StringEqualsIfExists", "absent", "x", True),
        ("StringEqualsIfExists", "aws:PrincipalTag/team", "blue", False),
        ("Null", "absent", "true", True),
        ("Null", "absent", "false", False),
        ("Null", "s3:prefix", "false", True),
        ("Null", "s3:prefix", True, False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("IpAddress", "aws:SourceIp", ["192.168.0.0/16", "10.1.2.3"], True),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", False),
        ("IpAddress", "aws:SourceIp", "not an address", False),
        ("DateGreaterThan", "aws:CurrentTime", "2024-02-28T00:00:00Z", True),
        ("DateLessThan", "aws:CurrentTime", "1709208001", True),
        ("DateEquals", "aws:CurrentTime", "2024-02-29T13:00:00+01:00", True),
        ("NumericLessThanEquals", "s3:max-keys", "10", True),
        ("NumericLessThan", "s3:max-keys", 10, False),
        ("NumericNotEquals", "s3:max-keys", "10.0", False),
        ("NumericEquals", "s3:prefix", "10", False),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Bool", "aws:SecureTransport", False, False),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:123456789012:*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:*:topic", False),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:*:topic", True),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:sqs:*:*:*", True),
        ("BinaryEquals", "kms:plain", "aGVsbG8=", True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b", "c"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a"], False),
        ("ForAllValues:StringEquals", "absent", ["a"], True),
        ("ForAllValues:StringEquals", "empty", ["a"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["b", "z"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["z"], False),
        ("ForAnyValue:StringEquals", "absent", ["a"], False),
        ("ForAnyValue:StringLikeIfExists", "absent", ["a"], True),
        ("StringEquals", "aws:userid", "${aws:userid}", True),
        ("StringLike", "s3:prefix", "home/${aws:PrincipalTag/name, 'alice'}/*", True),
        ("StringLike", "s3:prefix", "home/${aws:PrincipalTag/name}/*", False),
        ("NoSuchOperator", "s3:prefix", "home/alice/", False),
    ],
)
def test_operator(operator: str, key: str, values: Any, expected: bool) -> None:
    assert holds({operator: {key: values}}, CONTEXT) is expected


def test_every_operator_and_every_key_must_hold() -> None:
    both = {"StringEquals": {"aws:PrincipalTag/team": "red"}, "Bool": {"aws:SecureTransport": "true"}}
    assert holds(both, CONTEXT)
    assert not holds({**both, "Null": {"s3:prefix": "true"}}, CONTEXT)
    assert not holds({"StringEquals": {"aws:PrincipalTag/team": "red", "s3:prefix": "x"}}, CONTEXT)


def test_wildcards_that_come_with_the_request_are_only_characters() -> None:
    """Else a caller named ``*`` would have everybody's folder."""
    context = {"aws:username": ["*"], "s3:prefix": ["home/bob/"]}
    assert not holds({"StringLike": {"s3:prefix": "home/${aws:username}/*"}}, context)
    assert holds({"StringLike": {"s3:prefix": "home/${aws:username}/*"}}, {**context, "s3:prefix": ["home/*/x"]})


@given(st.text(max_size=20), st.text(max_size=20))
def test_pattern_without_wildcards_matches_only_itself(pattern: str, text: str) -> None:
    plain = pattern.replace("*", "").replace("?", "")
    assert glob(plain, text) == (plain == text)


@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=10))
def test_star_matches_whatever_stands_between(start: str, middle: str, end: str) -> None:
    start, end = (part.replace("*", "").replace("?", "") for part in (start, end))
    assert glob(f"{start}*{end}", start + middle + end)


@given(st.sampled_from(sorted(OPERATORS)), st.lists(st.text(max_size=8), max_size=3), st.text(max_size=8))
def test_no_operator_breaks_on_any_text(operator: str, wanted: list[str], value: str) -> None:
    assert holds({operator: {"key": wanted}}, {"key": [value]}) in (True, False)


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("*", "arn:aws:s3:::b/k", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k/l:m", True),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/k", False),
        ("arn:aws:s3:::B/*", "arn:aws:s3:::b/k", False),
        ("arn:aws:logs:*:*:log-group:/a/*", "arn:aws:logs:us-east-1:123456789012:log-group:/a/b:log-stream:c", True),
        ("arn:aws:*:*", "arn:aws:sqs:us-east-1:123456789012:q", True),
        ("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:123456789012:q", True),
        ("arn:aws:sqs:*:*:q", "arn:aws:sqs:us-east-1:123456789012:r:q", False),
    ],
)
def test_arn_patterns(pattern: str, arn: str, expected: bool) -> None:
    """A pattern of all six parts is compared part by part."""
    assert matches_arn(pattern, arn) is expected
