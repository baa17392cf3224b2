"""ID tokens of an OpenID provider: a real one, which signs and publishes its keys on this machine."""

import base64
import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from openid_issuer import AUDIENCE, Issuer, openid_issuer
from people_fakes import NOW, SignInBench, challenge, person
from pydantic import SecretStr

from vigil.approvals.authentication import authenticate
from vigil.approvals.errors import AuthenticationError, LockedOutError, ProviderUnavailableError, RevokedError
from vigil.approvals.id_tokens import ClaimNames
from vigil.approvals.models import TokenProof
from vigil.audit.events import EventName
from vigil.aws import jwks
from vigil.aws.environment import ConfigurationError
from vigil.aws.jwks import JwksKeys
from vigil.aws.oidc import OpenIdTokens

NONCE = "ab" * 32
SECONDS = int(NOW.timestamp())


@pytest.fixture(scope="module")
def provider() -> Iterator[Issuer]:
    with openid_issuer() as made:
        yield made


@pytest.fixture
def issuer(provider: Issuer) -> Issuer:
    provider.broken, provider.fetches, provider.published = None, 0, {"one"}
    return provider


@pytest.fixture
def bench(issuer) -> SignInBench:
    made = SignInBench.make()
    return replace(made, tokens=OpenIdTokens(issuer.url, AUDIENCE, JwksKeys(issuer.jwks_uri), made.clock))


def sign(bench, token, **settings):
    return bench.sign_in(TokenProof(id_token=SecretStr(token)), **settings)


def test_a_token_for_this_signature_says_who_signs(bench, issuer):
    signer = sign(bench, issuer.token(issuer.claims(NOW, NONCE)))
    found = signer.authentication
    assert (found.username, found.subject, found.issuer) == ("ana", "subject-of-ana", issuer.url)
    assert (found.groups, found.components, found.authenticated_at) == ({"model-owner"}, 2, NOW)
    assert not signer.by_password
    assert bench.people.get("ana").issuer == issuer.url


@pytest.mark.parametrize("groups", [[], None])
def test_a_role_of_the_record_that_the_token_does_not_give_is_none(bench, issuer, groups):
    token = issuer.token(issuer.claims(NOW, NONCE, groups=groups))
    assert sign(bench, token).authentication.groups == frozenset()


def test_an_account_that_signs_as_one_name_cannot_sign_as_a_second(bench, issuer):
    sign(bench, issuer.token(issuer.claims(NOW, NONCE)))
    bench.people.insert(person("anna"))
    with pytest.raises(AuthenticationError, match="another user name"):
        sign(bench, issuer.token(issuer.claims(NOW, NONCE, preferred_username="anna")))
    assert bench.people.get("anna").subject is None


def test_a_user_name_that_is_bound_is_no_other_accounts(bench, issuer):
    sign(bench, issuer.token(issuer.claims(NOW, NONCE)))
    with pytest.raises(AuthenticationError, match="belongs to another account"):
        sign(bench, issuer.token(issuer.claims(NOW, NONCE, sub="made-anew-under-the-same-name")))
    assert bench.people.get("ana").subject == "subject-of-ana"


@pytest.mark.parametrize(
    ("said", "strong"),
    [
        ({"acr": "mfa"}, True),
        ({"amr": ["pwd", "mfa"]}, True),
        ({}, False),
        ({"acr": "0", "amr": ["pwd"]}, False),
        ({"amr": "mfa and more"}, False),
        ({"acr": ["mfa"]}, False),
    ],
)
def test_where_the_stack_asks_for_two_factors_the_token_must_say_so(bench, issuer, said, strong):
    names = ClaimNames(assurance="mfa")
    tokens = OpenIdTokens(issuer.url, AUDIENCE, JwksKeys(issuer.jwks_uri), bench.clock, names)
    with nullcontext() if strong else pytest.raises(AuthenticationError, match="as strong as mfa"):
        sign(replace(bench, tokens=tokens), issuer.token(issuer.claims(NOW, NONCE, **said)))


def test_elliptic_keys_are_taken_too(bench, issuer):
    issuer.add_key("curve", elliptic=True)
    assert sign(bench, issuer.token(issuer.claims(NOW, NONCE), "curve")).person.username == "ana"


WRONG = {
    "another signature's nonce": {"nonce": "cd" * 32},
    "no nonce": {"nonce": None},
    "a nonce that is no text": {"nonce": 7},
    "signed in before it was shown": {"auth_time": SECONDS - 61},
    "signed in in the future": {"auth_time": SECONDS + 61},
    "no time of the sign-in": {"auth_time": None},
    "a time that is no number": {"auth_time": "now"},
    "a time that is true": {"auth_time": True},
    "a time beyond all calendars": {"auth_time": 10**20},
    "for another application": {"aud": "elsewhere"},
    "for another application too": {"aud": [AUDIENCE, "elsewhere"]},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "expired": {"exp": SECONDS - 61},
    "without an end": {"exp": None},
    "issued in the future": {"iat": SECONDS + 61},
    "not valid yet": {"nbf": SECONDS + 61},
    "without a subject": {"sub": None},
    "without a user name": {"preferred_username": None},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_token_is_refused_that_is(bench, issuer, changes):
    with pytest.raises(AuthenticationError):
        sign(bench, issuer.token(issuer.claims(NOW, NONCE, **changes)))
    assert bench.people.get("ana").subject is None
    assert len(bench.ledger.of(EventName.SIGN_IN_FAILED)) == 1


def test_clocks_may_differ_a_little(bench, issuer):
    early, late = SECONDS - 59, SECONDS + 59
    sign(bench, issuer.token(issuer.claims(NOW, NONCE, auth_time=early, iat=late, nbf=late, exp=early)))


def unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forgeries(issuer: Issuer) -> dict[str, str]:
    claims = issuer.claims(NOW, NONCE)
    head, body, signature = issuer.token(claims).split(".")
    other = unpadded(json.dumps({**claims, "sub": "x"}).encode())
    issuer.add_key("unpublished", publish=False)
    # PyJWT itself will not sign with a public key, so the attacker's token is made by hand.
    hmac_head = unpadded(json.dumps({"alg": "HS256", "kid": "one"}).encode())
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    hmac_signature = mac.sign(f"{hmac_head}.{body}".encode(), issuer.public_pem("one"))
    return {
        "unsigned": jwt.encode(claims, None, "none", headers={"kid": "one"}),
        "signature cut off": f"{head}.{body}.",
        "HMAC with the public key": f"{hmac_head}.{body}.{unpadded(hmac_signature)}",
        "changed after signing": f"{head}.{other}.{signature}",
        "signed with another key under a known name": issuer.token(claims, "unpublished", "one"),
        "signed with a key that is not published": issuer.token(claims, "unpublished"),
        "no key named": jwt.encode(claims, issuer.keys["one"], "RS256"),
        "nonsense": "a.b.c",
        "empty": "",
    }


def test_forged_tokens_are_refused_and_their_text_is_nowhere(bench, issuer):
    for name, token in forgeries(issuer).items():
        with pytest.raises(AuthenticationError) as refused:
            sign(bench, token)
        assert not token or token not in str(refused.value), name
        assert refused.value.__cause__ is None, name
    assert bench.people.get("ana").failures == 0  # nobody can lock Ana out with tokens of their own making


def test_a_token_of_one_signature_is_of_no_use_for_the_next(bench, issuer):
    token = issuer.token(issuer.claims(NOW, NONCE))
    sign(bench, token)
    following = challenge(NOW, nonce="ef" * 32)
    with pytest.raises(AuthenticationError, match="something else than this signature"):
        authenticate(TokenProof(id_token=SecretStr(token)), following, bench.ports, 0)


def test_new_keys_are_found_and_withdrawn_ones_are_not_believed_for_long(bench, issuer, monkeypatch):
    claims = issuer.claims(NOW, NONCE)
    sign(bench, issuer.token(claims))
    issuer.add_key("two")
    issuer.published.discard("one")
    monkeypatch.setattr(jwks, "FETCH_PAUSE_SECONDS", -1)
    sign(bench, issuer.token(claims, "two"))
    with pytest.raises(AuthenticationError, match="does not publish"):
        sign(bench, issuer.token(claims, "one"))


def test_made_up_key_names_do_not_make_us_call_the_provider_each_time(bench, issuer):
    for number in range(20):
        with pytest.raises(AuthenticationError):
            sign(bench, issuer.token(issuer.claims(NOW, NONCE), name=f"made-up-{number}"))
    assert issuer.fetches == 1


@pytest.mark.parametrize("status", [500, 302])
def test_a_provider_whose_keys_cannot_be_read_is_no_wrong_answer(bench, issuer, status):
    issuer.broken = status
    with pytest.raises(ProviderUnavailableError):
        sign(bench, issuer.token(issuer.claims(NOW, NONCE)))
    assert issuer.fetches == 1  # nor is it followed elsewhere


@pytest.mark.parametrize("uri", ["http://keys.example/jwks", "file:///etc/passwd", "ftp://127.0.0.1/x", "none"])
def test_keys_come_over_https_or_from_this_machine(uri):
    with pytest.raises(ConfigurationError, match="https only"):
        JwksKeys(uri)


def test_who_is_locked_out_or_revoked_cannot_sign_with_a_token_either(bench, issuer):
    token = issuer.token(issuer.claims(NOW, NONCE))
    ana = bench.people.get("ana")
    bench.people.replace(ana.model_copy(update={"locked_until": NOW + timedelta(minutes=1)}))
    with pytest.raises(LockedOutError):
        sign(bench, token)
    bench.people.replace(bench.people.get("ana").model_copy(update={"revoked_at": NOW, "locked_until": None}))
    with pytest.raises(RevokedError):
        sign(bench, token)


def test_a_stack_without_such_a_provider_takes_no_tokens(bench, issuer):
    with pytest.raises(AuthenticationError, match="no OpenID provider"):
        sign(replace(bench, tokens=None), issuer.token(issuer.claims(NOW, NONCE)))
