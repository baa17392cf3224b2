"""Attacks on who asks for a roll-back, on a deployed stack, each function under its own role."""

from __future__ import annotations

import json

import deployed_rollback as rollback
import pytest
from deployed_approvals import Deployed, deployed_approvals
from deployed_stack import FreshStack

from vigil.aws.environment import aws_client

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def deployed(fresh_stack: FreshStack, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deployed_approvals(fresh_stack, tmp_path_factory.mktemp("rollback_attacks"))


def test_nobody_sheds_the_stake_of_an_asker_by_asking_for_a_roll_back_in_anothers_name(deployed: Deployed) -> None:
    """By the function and, with a right to start executions that nobody is given, past it."""
    old, _ = rollback.served(deployed), rollback.served(deployed)
    package, machine = old.facts.model_package_arn, deployed.parameters.state_machines.roll_back
    states = aws_client("stepfunctions")
    before = len(states.list_executions(stateMachineArn=machine)["executions"])
    claim = {"model": package, "reason": "recall fell", "asked_by": {"name": "ben", "via": "x", "verified": True}}
    assert deployed.invoke("request-rollback", claim)["errorType"] == "ValidationError"
    assert rollback.invoked(deployed, package, expected_signer="ben")["refused"]["error"] == "WrongPersonError"
    guess = {"kind": "password", "username": "ben", "password": "A-guess-of-ana-1!"}
    assert rollback.invoked(deployed, package, proof=guess)["refused"]["error"] == "AuthenticationError"
    assert len(states.list_executions(stateMachineArn=machine)["executions"]) == before
    order = {"model_package_arn": package, "requested_by": "ben", "reason": "recall fell", "asked_via": "x"}
    started = states.start_execution(stateMachineArn=machine, input=json.dumps(order | {"asked_subject": "of-ben"}))
    ended = deployed.ended(started["executionArn"])
    assert (ended["error"], "nobody has proven" in ended["cause"]) == ("RollbackRefused", True)
