"""Asking for a roll-back: in whose name, by whom, how often."""

import json

import pytest
from approval_fakes import PASSWORD
from botocore.exceptions import ClientError
from moto_people import strong
from moto_stack import moto_stack
from pydantic import ValidationError
from way_back import OLD_KEY, old_and_new, pin_alone

from tasks.lambdas import request_rollback
from vigil.aws.approval_ports import ledger_table
from vigil.aws.executions import Executions
from vigil.aws.people_table import PeopleTable


@pytest.fixture(scope="module")
def stack():
    """One for all these tests."""
    with pytest.MonkeyPatch.context() as patch, moto_stack(patch) as made:
        yield made


@pytest.fixture(scope="module")
def models(stack):
    """The old model served, the new one serves."""
    return old_and_new(stack)


@pytest.fixture
def states(monkeypatch):
    made = States()
    monkeypatch.setattr("vigil.aws.rollback_ports.executions", lambda: Executions(made))
    return made


class States:
    """Step Functions, as far as a roll-back that is asked for needs it."""

    def __init__(self):
        self.executions = {}

    def describe_execution(self, executionArn):  # noqa: N803 - as boto3 spells it
        if executionArn not in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": "no"}}, "DescribeExecution")
        return {"executionArn": executionArn} | self.executions[executionArn]

    def start_execution(self, **request):
        arn = f"{request['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{request['name']}"
        self.executions[arn] = {"status": "RUNNING", "input": request["input"]}
        return {"executionArn": arn}


def ask(model, reason="recall fell", user="ana", password=strong(PASSWORD), **more):  # noqa: B008
    proof = {"kind": "password", "username": user, "password": password}
    return request_rollback.handler({"model": model, "reason": reason, "proof": proof} | more, None)


def refusal(answer):
    return answer["refused"]["error"], answer["refused"]["message"]


def test_a_roll_back_is_started_once_however_often_it_is_asked_for(stack, models, states):
    old, new = models
    first, second = ask(old.model_package_arn)["ok"], ask(OLD_KEY, "me too", "ben")["ok"]
    assert not ask(old.model_package_arn)["ok"]["is_new"], "word for word the same, and yet it waits already"
    assert first["execution_arn"] == second["execution_arn"]
    assert (first["is_new"], second["is_new"], second["requested_by"]) == (True, False, "ana")
    assert (first["model_package_arn"], first["replaces_package"]) == (old.model_package_arn, new.model_package_arn)
    (started,) = states.executions.values()
    said = json.loads(started["input"])
    (asked,) = asked_of(stack, first["execution_arn"])
    assert (asked.actor.name, asked.actor.verified, asked.details["role"]) == ("ana", True, "model-owner")
    assert said == {
        "model_package_arn": old.model_package_arn, "requested_by": "ana", "reason": "recall fell",
        "asked_via": asked.actor.via, "asked_subject": asked.details["subject"],
    }  # fmt: skip
    pinned = pin_alone(first["execution_arn"], **said)
    assert (pinned["requested_by"], pinned["facts"]["rollback"]["asked_subject"]) == ("ana", said["asked_subject"])


def asked_of(stack, execution):
    chain = ledger_table(stack.parameters).read(f"model:{OLD_KEY}")
    return [each for each in chain if each.event == "rollback.asked" and each.subject == execution]


def test_nobody_asks_in_anothers_name_or_without_a_role_and_each_try_is_recorded(stack, models, states):
    old, _ = models
    package, ledger = old.model_package_arn, ledger_table(stack.parameters)
    with pytest.raises(ValidationError):
        request_rollback.handler({"model": package, "reason": "r", "asked_by": {"name": "dana"}}, None)
    before = {each.key for chain in ("stack", f"model:{OLD_KEY}") for each in ledger.read(chain)}
    wrong = refusal(ask(package, password="Not-the-right-1!"))
    assert wrong == ("AuthenticationError", "the user name or the password is wrong, or the account may not sign")
    assert refusal(ask(package, expected_signer="ben"))[0] == "WrongPersonError"
    assert refusal(ask(package, user="olga")) == (
        "NotEntitledError",
        "olga may not ask for a roll-back: ask a quality-assurance or model-owner or quality-assurance-deputy or "
        "model-owner-deputy",
    )
    new = [
        (each.event.value, each.actor.name, each.actor.via, each.details["error"])
        for chain in ("stack", f"model:{OLD_KEY}")
        for each in ledger.read(chain)
        if each.key not in before
    ]
    assert [each[:2] for each in new] == [
        ("sign-in.failed", "ana"), ("sign-in.failed", "ana"), ("rollback.asking-refused", "olga"),
    ]  # fmt: skip
    assert {each[2] for each in new[:2]} == {"request for a roll-back"} and new[2][3] == "NotEntitledError"
    person = PeopleTable(stack.client("dynamodb"), stack.parameters.tables.people).get("ana")
    assert person is not None and person.failures == 1, "a guess here counts towards the lock-out"
    assert states.executions == {}


def test_a_roll_back_that_was_refused_may_be_asked_for_again(stack, models, states):
    old, _ = models
    first = ask(old.model_package_arn)["ok"]["execution_arn"]
    states.executions[first]["status"] = "FAILED"
    second = ask(old.model_package_arn)["ok"]
    assert second["is_new"] and second["execution_arn"] == first[:-1] + "2"


def test_what_may_not_come_back_is_refused_with_the_reason_and_starts_nothing(stack, models, states):
    _, new = models
    name, why = refusal(ask(new.model_package_arn, password="nobody tries it"))
    assert name == "RollbackRefusedError" and "serves already" in why
    assert "not usable" in refusal(ask("7"))[1]
    assert states.executions == {}
