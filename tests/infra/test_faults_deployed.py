"""Faults between two signatures and the run that waits, with every function in a process of its own, roles enforced.

Nothing is lost and nothing is done twice, whoever is killed (SIGKILL) and whichever service says no.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from candidate_evidence import REVIEWER, ROLE
from deployed_approvals import Deployed, deployed_approvals
from deployed_stack import FreshStack
from local_server import eventually

from vigil.approvals.errors import AlreadyDecidedError, ApprovalError, DeskUnavailableError, SeatFilledError
from vigil.approvals.models import ApprovalRequest, Meaning, Status
from vigil.audit.events import EventName
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger
from vigil.aws.audit_ports import checkpoint_key, stack_ledger
from vigil.aws.environment import aws_client

pytestmark = pytest.mark.stack

DECIDERS = 200
DESKS_AT_ONCE = 6  # processes of the desk's function: the machine's, not the stack's, limit


@pytest.fixture(scope="module")
def deployed(fresh_stack: FreshStack, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deployed_approvals(fresh_stack, tmp_path_factory.mktemp("faults"))


def check_decided_once(deployed: Deployed, request: ApprovalRequest) -> None:
    """Two signatures, one answer to the run, one record of each in a ledger that verifies."""
    row = deployed.delivered(request)
    # The runs of these tests end with their answer: an approval that nothing used is closed once its run has ended.
    assert row.status in {Status.APPROVED, Status.DECIDED_NOT_APPLIED}
    assert len(row.signatures) == 2
    assert {each.role for each in row.signatures} == {REVIEWER, ROLE}
    assert deployed.ended(request.execution_arn)["status"] == "SUCCEEDED"
    assert deployed.answers(request) == [{"request_id": request.request_id, "decision": "APPROVED"}]
    found = Counter(record.event for record in deployed.recorded(request))
    assert found[EventName.SIGNATURE_MADE] == 2
    assert found[EventName.DECISION_MADE] == found[EventName.DECISION_DELIVERED] == 1
    keys = PublicKeys(checkpoint_key(deployed.parameters))
    assert verify_ledger(stack_ledger(deployed.parameters), keys).findings == []


def kill(deployed: Deployed, function: str) -> None:
    processes = deployed.processes(function)
    assert processes, f"no process of {function} to kill"
    for pid in processes:
        os.kill(pid, signal.SIGKILL)


def test_the_desk_killed_between_its_transaction_and_its_answer(deployed: Deployed) -> None:
    request = deployed.wait()
    challenge = deployed.challenge(request, Meaning.REVIEWED)
    # The transaction takes place; the desk does not hear of it, and asks again, which takes three seconds.
    held = "dynamodb.TransactWriteItems:500-after=1,latency=3s"
    with ThreadPoolExecutor(1) as pool, deployed.chaos(held):
        signing = pool.submit(deployed.sign, challenge, "ben")
        eventually(lambda: deployed.row(request).signatures, within=60)
        assert not signing.done()
        kill(deployed, "approval-desk")
        with pytest.raises(DeskUnavailableError, match="look at the request"):
            signing.result(60)
    assert len(deployed.row(request).signatures) == 1
    again = deployed.command("review", request.request_id, "ben")
    assert again.returncode == SeatFilledError.exit_code, again.stderr
    assert deployed.command("approve", request.request_id, "ana").returncode == 0
    check_decided_once(deployed, request)


def test_the_deliverer_killed_between_the_decision_and_its_delivery(deployed: Deployed) -> None:
    request = deployed.wait()
    with deployed.chaos("states.SendTaskSuccess:503=1,latency=3s"):
        deployed.approve(request)
        eventually(deployed.befallen, within=60)  # a delivery is on its way, and is held up
        kill(deployed, "deliver-decision")
        row = deployed.row(request)
        assert (row.status, row.delivered_at) == (Status.APPROVED, None)
        assert deployed.answers(request) == []
    with ThreadPoolExecutor(4) as pool:  # sweeps at once, beside the stream, which tries again by itself
        swept = [pool.submit(deployed.invoke, "deliver-decision", {}) for _ in range(4)]
        assert all("errorType" not in each.result(60) for each in swept)
    check_decided_once(deployed, request)


@pytest.mark.parametrize("fault", ["503", "500-after"])
def test_success_that_cannot_be_sent_five_times_is_sent_once(deployed: Deployed, fault: str) -> None:
    """``500-after``: it was sent, and the deliverer was told that it was not."""
    request = deployed.wait()
    with deployed.chaos(f"states.SendTaskSuccess:{fault}=1"):
        for user, meaning in (("ben", Meaning.REVIEWED), ("ana", Meaning.APPROVED)):
            deployed.sign(deployed.challenge(request, meaning), user)

        failed: list[str] = []  # sweeps, not calls: the SDK of one sweep calls several times

        def often_enough() -> bool:
            told = deployed.invoke("deliver-decision", {})["swept"].get(request.request_id, "")
            failed.extend([told] if told.startswith("failed") else [])
            return bool(deployed.befallen()) if fault == "500-after" else len(failed) >= 5

        eventually(often_enough, within=120)
        if fault != "500-after":
            assert deployed.answers(request) == []
            assert deployed.row(request).delivered_at is None
    deployed.invoke("deliver-decision", {})
    check_decided_once(deployed, request)


def test_signing_goes_on_while_tables_and_keys_are_throttled(deployed: Deployed) -> None:
    request = deployed.wait()
    done = (0, SeatFilledError.exit_code, AlreadyDecidedError.exit_code)
    codes: list[int] = []
    with deployed.chaos("dynamodb.*:throttle=0.15", "kms.*:throttle=0.3"):

        def sign(verb: str, user: str) -> bool:
            codes.append(deployed.command(verb, request.request_id, user).returncode)
            return codes[-1] in done

        for verb, user in (("review", "ben"), ("approve", "ana")):
            eventually(lambda verb=verb, user=user: sign(verb, user), within=90)
        assert deployed.befallen() > 0
    deployed.invoke("deliver-decision", {})
    check_decided_once(deployed, request)


@pytest.mark.timeout(900)
def test_of_200_who_decide_at_once_two_sign_and_each_other_is_told_why_not(deployed: Deployed) -> None:
    request, meanings = deployed.wait(), (Meaning.REVIEWED, Meaning.APPROVED)
    people = [(f"decider{number}", (REVIEWER, ROLE)[number % 2], meanings[number % 2]) for number in range(DECIDERS)]
    for user, role, _ in people:
        deployed.person(user, user.title(), role)
    aws_client("lambda").put_function_concurrency(
        FunctionName=deployed.parameters.functions.approval_desk, ReservedConcurrentExecutions=DESKS_AT_ONCE
    )
    with ThreadPoolExecutor(DESKS_AT_ONCE) as threads:
        shown = threads.map(lambda person: (person[0], deployed.challenge(request, person[2])), people)
        challenges = dict(shown)
    # All at once, and who finds no process free asks again when there may be one: hundreds who only asked again and
    # again would keep the machine from the few who are answered.
    barrier, again = threading.Barrier(DECIDERS), threading.Semaphore(DESKS_AT_ONCE)

    def decide(user: str) -> str:
        barrier.wait(120)
        answered = answer(user)
        while not answered:
            with again:
                answered = answer(user)
        return answered

    def answer(user: str) -> str | None:
        try:
            deployed.sign(challenges[user], user)
        except DeskUnavailableError as busy:
            if "TooManyRequestsException" not in str(busy):
                raise
            return None
        except ApprovalError as refused:
            assert str(refused)
            return type(refused).__name__
        return "signed"

    with ThreadPoolExecutor(DECIDERS) as threads:
        outcomes = Counter(threads.map(decide, challenges))
    assert outcomes["signed"] == 2
    assert set(outcomes) <= {"signed", SeatFilledError.__name__, AlreadyDecidedError.__name__}
    assert sum(outcomes.values()) == DECIDERS
    refused = [record for record in deployed.recorded(request) if record.event is EventName.SIGNATURE_REFUSED]
    assert len(refused) == DECIDERS - 2
    check_decided_once(deployed, request)
