"""Credentials: found, expired, revoked, remembered over a restart; no secret is ever kept or shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_aws.identity.credentials import ExpiredTokenError, Issuer, UnknownKeyError
from local_aws.identity.principals import assumed_role, session_name
from local_aws.identity.signature import signing_key
from local_aws.store import Store

ROLE = "arn:aws:iam::123456789012:role/team/reader"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "state.sqlite3")
    yield store
    store.close()


def test_session_has_the_arn_that_sts_gives_it() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: the role's path is left out."""
    assert assumed_role(ROLE, "me").arn == "arn:aws:sts::123456789012:assumed-role/reader/me"


def test_session_names_keep_to_what_sts_allows() -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: [\\w+=,.@-]*, at most 64."""
    assert session_name("a run: 1") == "a-run--1"
    assert session_name("x" * 80) == "x" * 64


def test_session_outlives_the_server_that_gave_it(store: Store) -> None:
    made = Issuer(store).mint(ROLE, "me", lifetime=timedelta(hours=1))
    again = Issuer(store)
    again.revoke_of_processes()
    assert again.principal(made.access_key, made.token).arn.endswith(":assumed-role/reader/me")


def test_credentials_of_a_process_end_with_its_server(store: Store) -> None:
    made = Issuer(store).mint(ROLE, "job", source="job-1")
    again = Issuer(store)
    again.revoke_of_processes()
    with pytest.raises(ExpiredTokenError):
        again.principal(made.access_key, made.token)
    assert again.holder(made.access_key).source == "job-1"


def test_expired_revoked_unknown_and_wrong_tokens_are_refused(store: Store) -> None:
    issuer = Issuer(store)
    expired = issuer.mint(ROLE, "me", lifetime=timedelta(seconds=-1))
    good, revoked = issuer.mint(ROLE, "me"), issuer.mint(ROLE, "me")
    issuer.revoke(revoked.access_key)
    for key, token in [(expired.access_key, expired.token), (revoked.access_key, revoked.token)]:
        with pytest.raises(ExpiredTokenError):
            issuer.principal(key, token)
    for token in (None, "", revoked.token):
        with pytest.raises(ExpiredTokenError):
            issuer.principal(good.access_key, token)
    with pytest.raises(UnknownKeyError):
        issuer.principal("ASIAUNKNOWN", good.token)
    assert issuer.principal(good.access_key, good.token).session == "me"


def test_expired_keys_are_forgotten_while_the_server_runs(store: Store) -> None:
    """local_aws: a key that is refused is remembered for a day; a server that is never restarted does not grow."""
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    issuer = Issuer(store, lambda: moment)
    old = issuer.mint(ROLE, "old", lifetime=timedelta(hours=1))
    lasting = issuer.mint(ROLE, "lasting")
    moment += timedelta(hours=24)
    issuer.mint(ROLE, "other", lifetime=timedelta(hours=1))
    with pytest.raises(ExpiredTokenError):
        issuer.principal(old.access_key, old.token)
    moment += timedelta(hours=2)
    new = issuer.mint(ROLE, "new", lifetime=timedelta(hours=1))
    with pytest.raises(UnknownKeyError):
        issuer.principal(old.access_key, old.token)
    assert issuer.principal(lasting.access_key, lasting.token).session == "lasting"
    kept = [key for key, _ in store.list("credentials")]
    assert old.access_key not in kept
    assert new.access_key in kept


def test_secrets_are_neither_kept_nor_shown(store: Store, tmp_path: Path) -> None:
    made = Issuer(store).mint(ROLE, "me")
    assert made.secret_key not in repr(made)
    assert made.token not in repr(made)
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert made.secret_key.encode() not in content
        assert made.token.encode() not in content


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {
                "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=ASIA1/20240101/us-east-1/s3/aws4_request, Signed",
                "HTTP_X_AMZ_SECURITY_TOKEN": "t",
            },
            ("ASIA1", "t"),
        ),
        (
            {"QUERY_STRING": "X-Amz-Credential=ASIA2%2F20240101%2Fus-east-1%2Fs3%2Fx&X-Amz-Security-Token=t%2B"},
            ("ASIA2", "t+"),
        ),
        ({"HTTP_AUTHORIZATION": "AWS AKIA3:signature"}, ("AKIA3", None)),
        ({"QUERY_STRING": "AWSAccessKeyId=AKIA4&x-amz-security-token=t&Signature=s"}, ("AKIA4", "t")),
        ({}, (None, None)),
    ],
)
def test_key_is_found_wherever_a_request_carries_it(
    environ: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html and the older version 2."""
    assert signing_key(environ) == expected
