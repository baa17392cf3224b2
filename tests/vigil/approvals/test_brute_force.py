"""Two hundred wrong tries at once: no more than the limit reach the provider, and each of them counts."""

from concurrent.futures import ThreadPoolExecutor

from people_fakes import PASSWORD, SignInBench, proof_of

from vigil.approvals.errors import ApprovalError, LockedOutError
from vigil.approvals.lockout import MOST_FAILURES
from vigil.audit.events import EventName

TRIES = 200


def test_of_two_hundred_guesses_at_once_no_more_than_the_limit_reach_the_provider():
    bench = SignInBench.make()

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
