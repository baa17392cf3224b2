"""What is shown of a connection, and what an update leaves of it.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ConnectionAuthResponseParameters.html
"""

from __future__ import annotations

from typing import Any

import pytest

from local_aws.services.connections.records import Connection, merged, public


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"BasicAuthParameters": {"Username": "u", "Password": "p"}}, {"BasicAuthParameters": {"Username": "u"}}),
        ({"ClientParameters": {"ClientID": "c", "ClientSecret": "s"}}, {"ClientParameters": {"ClientID": "c"}}),
        ({"ApiKeyName": "n", "ApiKeyValue": "v"}, {"ApiKeyName": "n"}),
    ],
)
def test_secrets_are_left_out(given: dict[str, Any], shown: dict[str, Any]) -> None:
    assert public(given) == shown
    assert "Password" not in repr(Connection("arn", "BASIC", given))


def test_update_keeps_what_it_does_not_name() -> None:
    old = {"BasicAuthParameters": {"Username": "u", "Password": "old"}}
    new = {"BasicAuthParameters": {"Password": "new"}}
    assert merged(old, new) == {"BasicAuthParameters": {"Username": "u", "Password": "new"}}
