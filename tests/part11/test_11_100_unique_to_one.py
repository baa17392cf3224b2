"""21 CFR 11.100: a signature is unique to one individual, is never reused by or reassigned to anyone else (a), and the
identity of the individual is verified before it is established (b)."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from people_fakes import FakeNotices, FakePasswords
from signing_people import Desk, desk

from vigil.approvals.administration import AdministrationPorts, NameTakenError, NotPossibleError, add_person
from vigil.approvals.administration_orders import AddPerson
from vigil.approvals.errors import ApprovalError, AuthenticationError
from vigil.approvals.people import Person


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


def test_a_name_reassigned_at_the_provider_cannot_sign(at_desk: Desk) -> None:
    at_desk.bench.review(at_desk.bench.open())
    at_desk.passwords.subjects["quinn"] = "an account made anew"
    request = at_desk.bench.open(execution="another-run", token="another-token")
    with pytest.raises(AuthenticationError, match="belongs to another account"):
        at_desk.bench.review(request)
    assert at_desk.bench.stored(request).signatures == []


def test_one_account_cannot_sign_as_two_people(at_desk: Desk) -> None:
    request = at_desk.bench.review(at_desk.bench.open())
    at_desk.passwords.subjects["ana"] = "subject-of-quinn"
    with pytest.raises(AuthenticationError, match="another user name"):
        at_desk.bench.approve(request)


def test_who_is_not_in_the_record_cannot_sign_though_the_provider_knows_them(at_desk: Desk) -> None:
    passwords: FakePasswords = at_desk.passwords
    passwords.groups["stranger"] = ["quality-assurance"]
    with pytest.raises(ApprovalError):
        at_desk.bench.review(at_desk.bench.open(), "stranger")


def test_the_printed_name_is_that_of_the_record(at_desk: Desk) -> None:
    quinn: Person = at_desk.bench.people.get("quinn")
    (signature,) = at_desk.bench.review(at_desk.bench.open()).signatures
    assert (signature.printed_name, signature.subject) == (quinn.printed_name, "subject-of-quinn")
