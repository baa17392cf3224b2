"""Administering people through the two functions, against a pool, the table and the ledger."""

from datetime import UTC, datetime, timedelta

import pytest
from moto_people import create_pool, strong
from moto_stack import _name
from people_fakes import challenge, proof_of
from pydantic import SecretStr

from vigil.approvals import administration
from vigil.approvals.authentication import authenticate
from vigil.approvals.errors import AuthenticationError, LockedOutError, RevokedError
from vigil.approvals.lockout import MOST_FAILURES
from vigil.aws.audit_ports import ledger_table
from vigil.aws.authentication_ports import administration_ports, authentication_ports, own_password_ports
from vigil.aws.environment import load_parameters
from vigil.aws.mail import SesMail
from vigil.aws.notifications import Notifications
from vigil.aws.people_desk import administer, choose

BY = "arn:aws:iam::123456789012:user/administrator"
TEMPORARY, OWN = strong("temporary-one"), strong("my-own-choice")
ADD = {"operation": "add", "username": "Jane", "printed_name": "Jane Doe", "roles": ["model-owner"], "by": BY}
ADD |= {"email": "jane@example.org"}


class Office:
    """The functions, the pool and the record of one stack."""

    def __init__(self, stack):
        pool, client = create_pool()
        _name({"cognito/user-pool": pool, "cognito/client": client})
        self.stack, self.pool = stack, pool
        stack.parameters = load_parameters()
        self.desk = authentication_ports(stack.parameters)

    def ask(self, **order):
        return administer({"by": BY, **order}, administration_ports(self.stack.parameters))

    def ok(self, **order):
        answer = self.ask(**order)
        assert "ok" in answer, answer
        return answer["ok"]

    def refused(self, **order):
        answer = self.ask(**order)
        assert "refused" in answer, answer
        return answer["refused"]["error"], answer["refused"]["message"]

    def choose(self, current, new, username="jane"):
        order = {"username": username, "current": current, "new": new, "by": "arn:jane"}
        return choose(order, own_password_ports(self.stack.parameters))

    def sign_in(self, password, username="jane"):
        return authenticate(proof_of(username, password), challenge(datetime.now(UTC)), self.desk, 0)

    def account(self, username="jane"):
        return self.stack.client("cognito-idp").admin_get_user(UserPoolId=self.pool, Username=username)

    def groups(self, username="jane"):
        found = self.stack.client("cognito-idp").admin_list_groups_for_user(UserPoolId=self.pool, Username=username)
        return {group["GroupName"] for group in found["Groups"]}

    def records(self):
        return list(ledger_table(self.stack.parameters).read("stack"))


@pytest.fixture
def office(stack, monkeypatch) -> Office:
    monkeypatch.setattr(administration, "_temporary", lambda: SecretStr(TEMPORARY))  # else only Jane's mail has it
    return Office(stack)


@pytest.fixture
def jane(office) -> Office:
    """An office in which Jane was added and has chosen her password."""
    office.ok(**ADD)
    assert "ok" in office.choose(TEMPORARY, OWN)
    return office


def test_somebody_added_signs_only_after_choosing_a_password_of_their_own(office):
    added = office.ok(**ADD)
    assert (added["username"], added["printed_name"], list(added["roles"])) == ("jane", "Jane Doe", ["model-owner"])
    assert (office.account()["UserStatus"], office.groups()) == ("FORCE_CHANGE_PASSWORD", {"model-owner"})
    with pytest.raises(AuthenticationError, match="vigil people password jane"):
        office.sign_in(TEMPORARY)
    office.choose(TEMPORARY, OWN)
    assert office.sign_in(OWN).authentication.printed_name == "Jane Doe"
    with pytest.raises(AuthenticationError):
        office.sign_in(TEMPORARY)


def test_a_name_is_bound_to_its_account_when_it_is_added(office):
    added = office.ok(**ADD)
    subject = next(each["Value"] for each in office.account()["UserAttributes"] if each["Name"] == "sub")
    assert added["subject"] == subject
    assert added["issuer"].endswith(office.pool)


def test_every_act_is_in_the_ledger_with_who_what_old_and_new(jane):
    jane.ok(operation="train", username="jane", role="quality-assurance")
    jane.ok(operation="revoke", username="jane", reason="left the company")
    records = jane.records()
    assert [record.event.value for record in records] == [
        "person.added", "person.changed", "person.changed", "person.revoked"
    ]  # fmt: skip
    assert [record.actor.name for record in records] == [BY, "jane", BY, BY]
    assert not records[0].actor.verified and records[1].actor.verified
    assert set(records[2].old["roles"]) == {"model-owner"}
    assert set(records[2].new["roles"]) == {"model-owner", "quality-assurance"}
    assert (records[3].old["revoked_at"], records[3].details) == (None, {"reason": "left the company"})
    text = str([record.content() for record in records])
    assert TEMPORARY not in text and OWN not in text


def test_a_user_name_is_never_given_twice_whatever_became_of_its_owner(jane):
    again = {**ADD, "printed_name": "Jane Another", "email": "another@example.org"}
    assert jane.refused(**again)[0] == "NameTakenError"
    jane.ok(operation="revoke", username="jane", reason="left")
    jane.stack.client("cognito-idp").admin_delete_user(UserPoolId=jane.pool, Username="jane")
    assert jane.refused(**again)[0] == "NameTakenError"
    assert jane.refused(**{**again, "username": " JANE "})[0] == "NameTakenError"
    with pytest.raises(jane.stack.client("cognito-idp").exceptions.UserNotFoundException):
        jane.account()


def test_an_addition_that_broke_off_can_be_repeated_and_no_older_password_counts(office):
    cognito = office.stack.client("cognito-idp")
    cognito.admin_create_user(UserPoolId=office.pool, Username="jane")
    cognito.admin_set_user_password(UserPoolId=office.pool, Username="jane", Password=strong("known"), Permanent=True)
    office.ok(**ADD)
    with pytest.raises(AuthenticationError):
        office.sign_in(strong("known"))
    assert "ok" in office.choose(TEMPORARY, OWN)


def test_somebody_revoked_cannot_sign_at_once_and_has_no_account(jane):
    jane.ok(operation="revoke", username="jane", reason="left")
    with pytest.raises(RevokedError):
        jane.sign_in(OWN)
    assert jane.account()["Enabled"] is False
    assert jane.choose(OWN, strong("another-one"))["refused"]["error"] == "RevokedError"
    jane.ok(operation="revoke", username="jane", reason="said again")
    assert [record.event.value for record in jane.records()].count("person.revoked") == 1
    for order in ({"operation": "train", "role": "model-owner"}, {"operation": "unlock"}, {"operation": "reset"}):
        assert jane.refused(username="jane", **order)[0] == "NotPossibleError"


def test_one_role_can_be_taken_away(jane):
    jane.ok(operation="train", username="jane", role="quality-assurance")
    jane.ok(operation="revoke", username="jane", role="model-owner", reason="changed teams")
    assert jane.sign_in(OWN).authentication.groups == jane.groups() == {"quality-assurance"}
    assert (
        jane.refused(operation="revoke", username="jane", role="model-owner", reason="again")[0] == "NotPossibleError"
    )


def test_training_is_recorded_for_its_day_and_never_for_the_future(jane):
    shown = jane.ok(operation="train", username="jane", role="model-owner", trained_at="2026-01-02T00:00:00+00:00")
    assert shown["roles"]["model-owner"].startswith("2026-01-02")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    order = {"operation": "train", "username": "jane", "role": "model-owner", "trained_at": tomorrow}
    assert jane.refused(**order) == (
        "NotPossibleError",
        "nobody was trained in the future: give the day on which it was",
    )


def test_a_role_that_the_stack_does_not_have_is_refused(jane):
    refused = jane.refused(operation="train", username="jane", role="emperor")
    assert refused == ("NotPossibleError", "this stack has no role emperor: see change_control/plan.yaml")


def test_an_administrator_opens_a_locked_account(jane):
    for _ in range(MOST_FAILURES):
        with pytest.raises(AuthenticationError):
            jane.sign_in("guess")
    with pytest.raises(LockedOutError):
        jane.sign_in(OWN)
    jane.ok(operation="unlock", username="jane")
    jane.sign_in(OWN)


def test_guessing_the_password_when_choosing_one_counts_too(jane):
    for _ in range(MOST_FAILURES):
        assert jane.choose("guess", strong("another-one"))["refused"]["error"] == "AuthenticationError"
    assert jane.choose(OWN, strong("another-one"))["refused"]["error"] == "LockedOutError"
    with pytest.raises(LockedOutError):
        jane.sign_in(OWN)


def test_one_can_change_ones_password_later_to_another_one(jane):
    assert jane.choose(OWN, OWN)["refused"]["message"] == "the new password must be another one"
    assert jane.choose(OWN, "a")["refused"]["error"] == "NotPossibleError"
    assert "ok" in jane.choose(OWN, strong("another-one"))
    jane.sign_in(strong("another-one"))
    assert jane.desk.people.get("jane").failures == 0


def test_somebody_unknown_chooses_no_password_and_gets_the_usual_words(jane):
    refused = jane.choose(TEMPORARY, OWN, username="nobody")["refused"]
    assert refused["message"] == jane.choose("guess", OWN)["refused"]["message"]


def test_an_order_that_is_none_is_refused_without_its_secrets(office):
    answer = office.ask(**{**ADD, "printed_name": ""}, temporary_password=TEMPORARY)
    assert answer["refused"]["exit_code"] == 2
    assert TEMPORARY not in str(answer) and "printed_name" in answer["refused"]["message"]
    assert office.ask(operation="promote", username="jane")["refused"]["error"] == "ValidationError"


def test_no_password_is_taken_from_an_administrator_nor_told_to_one(office):
    """21 CFR 11.200(a)(3): nobody alone can pass for somebody else."""
    assert office.refused(**ADD, temporary_password=TEMPORARY)[1].startswith("add.temporary_password: Extra inputs")
    assert "mail address" in office.refused(**{**ADD, "email": None})[1]
    assert TEMPORARY not in str(office.ok(**ADD)) + str(office.ok(operation="reset", username="jane"))


@pytest.mark.parametrize("by", ["arn:aws:sts::123456789012:assumed-role/people/Jane", "arn:aws:iam::1:user/jane"])
def test_nobody_gives_themselves_a_right_to_sign(office, by):
    assert office.refused(**{**ADD, "by": by})[0] == "NotPossibleError"
    office.ok(**ADD)
    for order in ({"operation": "train", "role": "quality-assurance"}, {"operation": "unlock"}):
        assert office.refused(**order, username="jane", by=by)[0] == "NotPossibleError"
    office.ok(operation="revoke", username="jane", reason="mine to give up", by=by)


def test_the_person_and_the_topic_are_told_who_gave_which_right(office, monkeypatch):
    told = []
    monkeypatch.setattr(SesMail, "send", lambda _self, address, text: told.append((address, text.body)))
    monkeypatch.setattr(Notifications, "publish", lambda _self, subject, facts: told.append((subject, facts)))
    office.ok(**ADD)
    office.ok(operation="train", username="jane", role="quality-assurance")
    (_, added), (address, body), (subject, trained), _ = told
    assert (added["event"], added["by"], added["roles"]) == ("person.added", BY, ["model-owner"])
    assert (address, f"By: {BY}" in body, "Roles: model-owner" in body) == ("jane@example.org", True, True)
    assert subject == "Vigil: the right of jane to sign was changed"
    assert (trained["what"], trained["roles"]) == ("trained", ["model-owner", "quality-assurance"])


def test_a_list_shows_everybody_and_nothing_of_sessions(jane):
    (shown,) = jane.ok(operation="list")
    assert shown["username"] == "jane"
    assert not {name for name in shown if "session" in name}


def test_who_signs_elsewhere_gets_no_account_here(office):
    elsewhere = {"issuer": "https://id.example", "subject": "0815"}
    office.ok(**ADD, **elsewhere)
    with pytest.raises(office.stack.client("cognito-idp").exceptions.UserNotFoundException):
        office.account()
    office.ok(operation="train", username="jane", role="quality-assurance")
    assert office.refused(operation="reset", username="jane")[1].endswith("the password is changed there")
    office.ok(operation="revoke", username="jane", reason="left")
