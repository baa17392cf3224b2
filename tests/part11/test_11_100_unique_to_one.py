"""21 CFR 11.100: a signature is unique to one individual, is never reused by or reassigned to anyone else (a), and the
identity of the individual is verified before it is established (b)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from people_fakes import PASSWORD, FakeNotices, FakePasswords
from pydantic import SecretStr
from signing_people import Desk, desk

from vigil.approvals.administration import AdministrationPorts, NameTakenError, NotPossibleError, add_person
from vigil.approvals.administration_orders import AddPerson
from vigil.approvals.desk import SigningAnswer, SigningResult
from vigil.approvals.errors import ApprovalError, AuthenticationError
from vigil.approvals.models import ApprovalRequest, Meaning, Proof, SessionProof, TokenProof
from vigil.approvals.people import Person
from vigil.approvals.sign import sign
from vigil.approvals.sign_in import Identity
from vigil.aws.approval_ports import StackSignIns


@pytest.fixture
def at_desk() -> Desk:
    return desk()


class Nothing:
    """Accounts that must not be touched."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"the provider was asked to {name}")


class Recorded:
    """``RecordedPeople`` of a desk; what the ledger gets is another test's."""

    def __init__(self, at: Desk) -> None:
        self.get, self.all = at.bench.people.get, at.bench.people.all
        self._people = at.bench.people

    def insert(self, person: Person, entry: object) -> bool:
        return self._people.insert(person)


def add(at: Desk, username: str, **more: str) -> None:
    ports = AdministrationPorts(Recorded(at), Nothing(), FakeNotices(), "issuer", at.bench.clock)  # type: ignore[arg-type]
    order = {"username": username, "printed_name": "Somebody Else", "roles": ["model-owner"], "by": "administrator"}
    add_person(AddPerson.model_validate(order | {"email": "else@example.org"} | more), ports)


@pytest.mark.parametrize("spelling", ["ana", "ANA", " Ana "])
def test_a_user_name_that_is_somebodys_is_not_given_again_however_it_is_spelt(at_desk: Desk, spelling: str) -> None:
    with pytest.raises(NameTakenError):
        add(at_desk, spelling)


def test_a_user_name_whose_owner_was_revoked_is_not_given_again(at_desk: Desk) -> None:
    ana = at_desk.bench.people.get("ana")
    at_desk.bench.people.replace(ana.model_copy(update={"revoked_at": at_desk.bench.clock()}))
    with pytest.raises(NameTakenError):
        add(at_desk, "ana")


@pytest.mark.parametrize(
    ("other", "has"),
    [
        ({"email": "Ana.A@Example.org"}, "this mail address"),
        ({"issuer": "https://id.example", "subject": "0815"}, "signs with this account"),
    ],
)
def test_somebody_known_is_not_added_under_a_second_name(at_desk: Desk, other: dict[str, str], has: str) -> None:
    ana = {"email": "ana.a@example.org", "issuer": "https://id.example", "subject": "0815"}
    at_desk.bench.people.change("ana", **ana)
    with pytest.raises(NotPossibleError, match=f"^ana .*{has}"):
        add(at_desk, "ana.too", **other)
    at_desk.bench.people.change("ana", revoked_at=at_desk.bench.clock())
    with pytest.raises(AssertionError, match="asked to create") if "email" in other else nullcontext():
        add(at_desk, "ana.too", **other)


class Tokens:
    """``TokenVerifier``: what the provider's token says is what its account is."""

    def __init__(self, passwords: FakePasswords) -> None:
        self._passwords = passwords

    def verify(self, id_token: SecretStr, nonce: str) -> Identity:
        return self._passwords.sign_in(id_token.get_secret_value(), SecretStr(PASSWORD))


def signed(at: Desk, request: ApprovalRequest, user: str, proof: Proof | None = None) -> SigningResult:
    """By a password, unless there is another proof."""
    meaning = Meaning.APPROVED if user == "ana" else Meaning.REVIEWED
    challenge = at.bench.show(request, meaning)
    if proof is None:
        return at.bench.answer(challenge, user)
    return sign(SigningAnswer(challenge_id=challenge.challenge_id, proof=proof), at.bench.signing)


def proof_by(kind: str, user: str, session: SecretStr | None) -> Proof | None:
    if kind == "session":
        assert session is not None
        return SessionProof(session=session, password=SecretStr(PASSWORD))
    return TokenProof(id_token=SecretStr(user)) if kind == "token" else None


def with_tokens(at: Desk) -> Desk:
    sign_ins: Any = StackSignIns(replace(at.ports, tokens=Tokens(at.passwords)))
    return replace(at, bench=replace(at.bench, sign_ins=sign_ins))


@pytest.mark.parametrize("kind", ["password", "token", "session"])
def test_a_name_reassigned_at_the_provider_cannot_sign(kind: str) -> None:
    at = with_tokens(desk(continuous_seconds=900))
    first = signed(at, at.bench.open(), "quinn")
    at.passwords.subjects["quinn"] = "an account made anew"
    request = at.bench.open(execution="another-run", token="another-token")
    with pytest.raises(AuthenticationError, match="belongs to another account"):
        signed(at, request, "quinn", proof_by(kind, "quinn", first.session))
    assert at.bench.stored(request).signatures == []


@pytest.mark.parametrize("kind", ["password", "token"])
def test_one_account_cannot_sign_as_two_people(at_desk: Desk, kind: str) -> None:
    """A session is not asked: it began with a sign-in, which has bound its owner already."""
    at = with_tokens(at_desk)
    request = at.bench.review(at.bench.open())
    at.passwords.subjects["ana"] = "subject-of-quinn"
    with pytest.raises(AuthenticationError, match="another user name"):
        signed(at, request, "ana", proof_by(kind, "ana", None))
    assert [each.signer for each in at.bench.stored(request).signatures] == ["quinn"]


def test_who_is_not_in_the_record_cannot_sign_though_the_provider_knows_them(at_desk: Desk) -> None:
    passwords: FakePasswords = at_desk.passwords
    passwords.groups["stranger"] = ["quality-assurance"]
    with pytest.raises(ApprovalError):
        at_desk.bench.review(at_desk.bench.open(), "stranger")


def test_the_printed_name_is_that_of_the_record(at_desk: Desk) -> None:
    quinn: Person = at_desk.bench.people.get("quinn")
    (signature,) = at_desk.bench.review(at_desk.bench.open()).signatures
    assert (signature.printed_name, signature.subject) == (quinn.printed_name, "subject-of-quinn")
