"""Two hundred wrong tries at once: no more than the limit reach the provider, and each of them counts."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from people_fakes import PASSWORD, MemoryPeople, SignInBench, proof_of

from vigil.approvals.errors import ApprovalError, LockedOutError
from vigil.approvals.lockout import MOST_FAILURES
from vigil.audit.events import EventName

TRIES = 200


class SlowPeople(MemoryPeople):
    """As a table over a network: between reading a record and writing the next one, others read it too."""

    def get(self, username):
        found = super().get(username)
        time.sleep(0.002)
        return found


def test_of_two_hundred_guesses_at_once_no_more_than_the_limit_reach_the_provider():
    made = SignInBench.make()
    bench = replace(made, people=SlowPeople(made.people.rows))

    def guess(number: int) -> str:
        try:
            bench.sign_in(proof_of("ana", f"guess-{number}"))
        except ApprovalError as refused:
            return type(refused).__name__
        return "signed in"

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(guess, range(TRIES)))
    assert len(bench.passwords.asked) == MOST_FAILURES
    assert "signed in" not in answers
    assert answers.count(LockedOutError.__name__) == TRIES - MOST_FAILURES
    assert len(bench.ledger.of(EventName.SIGN_IN_FAILED)) == TRIES
    assert len(bench.ledger.of(EventName.ACCOUNT_LOCKED)) == len(bench.alarms.locked) == 1
    try:
        bench.sign_in(proof_of("ana", PASSWORD))
    except LockedOutError:
        return
    raise AssertionError("the right password opened a locked account")
