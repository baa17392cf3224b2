"""21 CFR 11.200(a): (1) two distinct components; all at the first signing of a continuous period, at least one at later
ones, all where there is no such period; (2) used only by their genuine owners; (3) by anyone else only if two or more
individuals collaborate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from moto_stack import moto_stack, strong
from people_fakes import ISSUER
from pydantic import SecretStr, ValidationError
from signing_people import Desk, desk

from vigil.approvals.administration import AdministrationPorts, reset, shown, sign_out, train
from vigil.approvals.administration_orders import ChoosePassword, Order, Reset, SignOut, Train
from vigil.approvals.desk import SigningAnswer, SigningResult
from vigil.approvals.errors import ApprovalError, AuthenticationError, WrongPersonError
from vigil.approvals.models import ApprovalRequest, Meaning, PasswordProof, SessionProof
from vigil.approvals.people import Person
from vigil.approvals.reminder_text import MailText
from vigil.approvals.sign import sign
from vigil.audit.events import EventName
from vigil.audit.models import Entry
from vigil.aws.approval_ports import StackSignIns
from vigil.aws.sign_in import CognitoSignIn

PERIOD = 900


@pytest.fixture
def at_desk() -> Desk:
    return desk()


def first_signature(at: Desk) -> SigningResult:
    challenge = at.bench.show(at.bench.open(), Meaning.REVIEWED)
    return at.bench.answer(challenge, "quinn")


def second_signature(at: Desk, session: SecretStr, password: str = "correct horse") -> ApprovalRequest:
    """Quinn reviews another request, giving one component only."""
    request = at.bench.open(execution="second", token="second-token")
    challenge = at.bench.show(request, Meaning.REVIEWED)
    proof = SessionProof(session=session, password=SecretStr(password))
    sign(SigningAnswer(challenge_id=challenge.challenge_id, proof=proof), at.bench.signing)
    return at.bench.stored(request)


@pytest.mark.parametrize("missing", ["username", "password"])
def test_a_proof_that_lacks_a_component_is_none(missing: str) -> None:
    given = {"username": "quinn", "password": "correct horse"}
    del given[missing]
    with pytest.raises(ValidationError):
        PasswordProof.model_validate(given)


@pytest.mark.parametrize(("user", "password"), [("", "correct horse"), ("quinn", ""), ("quinn", "wrong")])
def test_one_right_component_alone_signs_nothing(at_desk: Desk, user: str, password: str) -> None:
    request = at_desk.bench.open()
    challenge = at_desk.bench.show(request, Meaning.REVIEWED)
    with pytest.raises((ApprovalError, ValidationError)):
        at_desk.bench.answer(challenge, user, password)
    assert at_desk.bench.stored(request).signatures == []


def test_without_a_continuous_period_each_signature_takes_both(at_desk: Desk) -> None:
    result = first_signature(at_desk)
    assert result.session is None
    with pytest.raises(AuthenticationError, match="user name and password at each"):
        second_signature(at_desk, SecretStr("quinn.invented"))


def test_in_a_continuous_period_the_first_takes_both_and_later_ones_the_password() -> None:
    at = desk(PERIOD)
    result = first_signature(at)
    assert result.session is not None
    at.bench.clock.advance(seconds=PERIOD - 1)
    with pytest.raises(AuthenticationError):
        second_signature(at, result.session, "wrong")
    (signature,) = second_signature(at, result.session).signatures
    assert (signature.signer, signature.components) == ("quinn", 1)


def test_after_the_period_both_are_needed_again() -> None:
    at = desk(PERIOD)
    session = first_signature(at).session
    assert session is not None
    at.bench.clock.advance(seconds=PERIOD)
    with pytest.raises(AuthenticationError, match="has ended"):
        second_signature(at, session)


def test_a_signature_is_taken_only_from_the_person_who_is_signed_in_to_the_interface(at_desk: Desk) -> None:
    challenge = at_desk.bench.show(at_desk.bench.open(), Meaning.REVIEWED)
    with pytest.raises(WrongPersonError):
        at_desk.bench.answer(challenge, "quinn", expected_signer="ana")
    assert at_desk.passwords.asked == []


def test_an_administrator_can_set_no_password_that_signs() -> None:
    """What they may ask for has no password at all; temporary ones are made up and mailed to the owner."""
    for order in Order.__origin__.__args__:  # type: ignore[attr-defined]
        assert {name for name in order.model_fields if "password" in name} == set(), order
        if order.model_fields["operation"].default != "add":
            assert "email" not in order.model_fields  # who could change it could have the reset mailed to themselves
    assert "operation" not in ChoosePassword.model_fields  # a person's own act, by another function


class Mailed:
    """``Accounts`` and ``PeopleNotices``: a temporary password goes to its owner and is the account's from then on."""

    def __init__(self, at: Desk) -> None:
        self.at, self.mailed, self.told = at, list[str](), list[object]()

    def reset(self, username: str, temporary: SecretStr) -> None:
        self.mailed.append(temporary.get_secret_value())
        self.at.passwords.passwords[username] = temporary.get_secret_value()

    def add_role(self, username: str, role: str) -> None:
        """The provider's groups change no password."""

    def tell(self, address: str | None, text: MailText, facts: dict[str, object]) -> None:
        self.told.append((address, facts))


class Recorded:
    """``RecordedPeople`` of a desk."""

    def __init__(self, at: Desk) -> None:
        self.get, self.all = at.bench.people.get, at.bench.people.all
        self._at = at

    def replace(self, person: Person, entry: Entry) -> bool:
        self._at.bench.ledger.append(entry)
        return self._at.bench.people.replace(person)


def test_an_administrator_does_all_they_may_and_still_cannot_sign_as_another(at_desk: Desk) -> None:
    """(a)(3): it takes the owner too, to whom alone the temporary password goes."""
    at_desk.bench.people.change("quinn", email="quinn@example.org", issuer=ISSUER, subject="subject-of-quinn")
    mailed = Mailed(at_desk)
    ports = AdministrationPorts(Recorded(at_desk), mailed, mailed, ISSUER, at_desk.bench.clock)  # type: ignore[arg-type]
    who = {"username": "quinn", "by": "administrator"}
    learnt = [
        shown(reset(Reset.model_validate(who), ports)),
        shown(train(Train.model_validate(who | {"role": "quality-assurance"}), ports)),
        shown(sign_out(SignOut.model_validate(who), ports)),
        mailed.told,
        [record.model_dump(mode="json") for record in at_desk.bench.ledger.of(EventName.PERSON_CHANGED)],
    ]
    (temporary,) = mailed.mailed
    assert temporary not in str(learnt)
    request = at_desk.bench.open()
    challenge = at_desk.bench.show(request, Meaning.REVIEWED)
    for tried in ("administrator", "quinn", "correct horse"):
        with pytest.raises(AuthenticationError):
            at_desk.bench.answer(challenge, "quinn", tried)
    assert at_desk.bench.stored(request).signatures == []


def test_an_administrator_who_knows_a_temporary_password_cannot_sign_with_it(
    at_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool itself says that another must be chosen first."""
    with moto_stack(monkeypatch) as stack:
        stack.add_people()
        pool, client = stack.parameters.cognito.user_pool, stack.parameters.cognito.client
        stack.client("cognito-idp").admin_set_user_password(
            UserPoolId=pool, Username="ana", Password=strong("temporary"), Permanent=False
        )
        passwords: Any = CognitoSignIn(stack.client("cognito-idp"), pool, client, None)  # type: ignore[arg-type]
        sign_ins: Any = StackSignIns(replace(at_desk.ports, passwords=passwords))
        bench = replace(at_desk.bench, sign_ins=sign_ins)
        request = bench.open()
        with pytest.raises(AuthenticationError, match="choose a password of its own"):
            bench.answer(bench.show(request, Meaning.APPROVED), "ana", strong("temporary"))
        assert bench.stored(request).signatures == []
