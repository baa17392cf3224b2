"""21 CFR 11.300: (a) no two individuals have the same combination; (b) issuances are checked, recalled, revised;
(c) lost or compromised ones are deauthorized; (d) unauthorized use is prevented, detected and reported at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cloudformation_template import load_template
from signing_people import Desk, desk

from vigil.approvals.errors import AuthenticationError, LockedOutError, RevokedError
from vigil.approvals.lockout import LOCKED_FOR, MOST_FAILURES
from vigil.approvals.models import ApprovalRequest, Meaning
from vigil.audit.events import EventName
from vigil.aws.sign_in_alarms import ACCOUNTS_LOCKED, NAMESPACE, NOT_RECORDED, SIGN_IN_FAILURES

TEMPLATE = load_template()["Resources"]


@pytest.fixture
def at_desk() -> Desk:
    return desk()


def guess(at: Desk, request: ApprovalRequest, times: int = MOST_FAILURES) -> None:
    for _ in range(times):
        challenge = at.bench.show(request, Meaning.REVIEWED)
        with pytest.raises(AuthenticationError):
            at.bench.answer(challenge, "quinn", "guess")


def test_a_combination_is_one_persons_since_its_user_name_is(at_desk: Desk) -> None:
    assert TEMPLATE["PeopleTable"]["Properties"]["KeySchema"] == [{"AttributeName": "username", "KeyType": "HASH"}]
    assert not at_desk.bench.people.insert(at_desk.bench.people.get("quinn"))


def test_issuances_are_recalled_when_training_was_not_renewed_within_the_plans_time(at_desk: Desk) -> None:
    """(b), periodically checked: a role not confirmed each year signs nothing. See test_11_10_i_training.py."""
    assert at_desk.bench.plan.protocol.approval.training_valid_days <= 366


def test_passwords_are_long_and_temporary_ones_end_within_a_day() -> None:
    policy = TEMPLATE["UserPool"]["Properties"]["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 14
    assert policy["TemporaryPasswordValidityDays"] == 1


def test_who_was_revoked_cannot_sign_from_that_moment_on(at_desk: Desk) -> None:
    request = at_desk.bench.open()
    challenge = at_desk.bench.show(request, Meaning.REVIEWED)
    quinn = at_desk.bench.people.get("quinn")
    at_desk.bench.people.replace(quinn.model_copy(update={"revoked_at": at_desk.bench.clock()}))
    with pytest.raises(RevokedError):
        at_desk.bench.answer(challenge, "quinn")
    assert (at_desk.bench.stored(request).signatures, at_desk.passwords.asked) == ([], [])


def test_failures_lock_the_account_whatever_password_is_given_then(at_desk: Desk) -> None:
    request = at_desk.bench.open()
    guess(at_desk, request)
    with pytest.raises(LockedOutError):
        at_desk.bench.review(request)
    assert len(at_desk.passwords.asked) == MOST_FAILURES
    at_desk.bench.clock.advance(seconds=LOCKED_FOR.total_seconds())
    assert len(at_desk.bench.review(request).signatures) == 1


def test_locking_is_recorded_and_reported_at_once(at_desk: Desk) -> None:
    guess(at_desk, at_desk.bench.open())
    until = at_desk.bench.clock() + LOCKED_FOR
    assert at_desk.alarms.locked == [("quinn", until)]
    (record,) = at_desk.bench.ledger.of(EventName.ACCOUNT_LOCKED)
    assert record.subject == "person:quinn"
    assert len(at_desk.bench.ledger.of(EventName.SIGN_IN_FAILED)) == MOST_FAILURES


def test_the_alarms_tell_the_people_behind_the_topic_within_minutes() -> None:
    alarms = [each["Properties"] for each in TEMPLATE.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    found = {each["MetricName"]: each for each in alarms if each.get("Namespace") == NAMESPACE}
    assert set(found) == {SIGN_IN_FAILURES, ACCOUNTS_LOCKED, NOT_RECORDED}
    assert found[ACCOUNTS_LOCKED]["Threshold"] == 1
    for alarm in found.values():
        assert alarm["AlarmActions"] == [{"Ref": "NotificationsTopic"}]
        assert timedelta(seconds=alarm["Period"] * alarm["EvaluationPeriods"]) <= timedelta(minutes=5)
        assert alarm["Dimensions"] == [{"Name": "Stack", "Value": {"Ref": "StackName"}}]
