"""A continuous period of signing: one component while it lasts, both before and after."""

import pytest
from people_fakes import NOW, PASSWORD, SignInBench, proof_of
from pydantic import SecretStr

from vigil.approvals.errors import ApprovalError, AuthenticationError, LockedOutError, RevokedError
from vigil.approvals.lockout import LOCKED_FOR, MOST_FAILURES
from vigil.approvals.models import SessionProof
from vigil.approvals.sessions import begin_session, end_session
from vigil.audit.events import EventName

PERIOD = 600


@pytest.fixture
def bench() -> SignInBench:
    return SignInBench.make()


def begin(bench):
    signer = bench.sign_in(proof_of("ana"))
    session = begin_session(signer, bench.ports, PERIOD)
    assert session is not None
    return session


def of(session, password=PASSWORD):
    return SessionProof(session=session.secret, password=SecretStr(password))


def test_within_the_period_the_password_alone_signs_and_is_recorded_as_one_component(bench):
    session = begin(bench)
    bench.clock.advance(seconds=PERIOD - 1)
    signer = bench.sign_in(of(session), PERIOD)
    assert (signer.person.username, signer.authentication.components) == ("ana", 1)
    assert (session.expires_at - NOW).total_seconds() == PERIOD


def test_off_by_default_no_period_begins_and_none_is_accepted(bench):
    assert begin_session(bench.sign_in(proof_of("ana")), bench.ports, 0) is None
    session = begin(bench)
    with pytest.raises(AuthenticationError, match="user name and password at each"):
        bench.sign_in(of(session), 0)


def test_after_the_period_both_components_are_needed(bench):
    session = begin(bench)
    bench.clock.advance(seconds=PERIOD)
    with pytest.raises(AuthenticationError, match="has ended"):
        bench.sign_in(of(session), PERIOD)


def test_a_period_begun_under_a_plan_that_allows_more_is_held_to_the_plan_of_what_is_signed(bench):
    session = begin(bench)
    bench.clock.advance(seconds=299)
    assert bench.sign_in(of(session), 300).authentication.components == 1
    bench.clock.advance(seconds=1)
    with pytest.raises(AuthenticationError, match="has ended"):
        bench.sign_in(of(session), 300)
    assert bench.sign_in(of(session), PERIOD).authentication.components == 1
    bench.clock.advance(seconds=PERIOD - 300)
    with pytest.raises(AuthenticationError, match="has ended"):
        bench.sign_in(of(session), 10 * PERIOD)


def test_a_period_is_not_prolonged_by_signing_in_it(bench):
    signer = bench.sign_in(of(begin(bench)), PERIOD)
    assert begin_session(signer, bench.ports, PERIOD) is None


def test_the_session_without_the_password_signs_nothing_and_counts(bench):
    session = begin(bench)
    with pytest.raises(AuthenticationError):
        bench.sign_in(of(session, "guess"), PERIOD)
    assert bench.people.get("ana").failures == 1


def test_the_password_without_the_session_is_not_even_tried(bench):
    begin(bench)
    tried = len(bench.passwords.asked)
    for secret in ("ana.invented", "ana.", "ana", "nobody.x", "."):
        with pytest.raises(ApprovalError):
            bench.sign_in(SessionProof(session=SecretStr(secret), password=SecretStr(PASSWORD)), PERIOD)
    assert len(bench.passwords.asked) == tried


def test_guessing_sessions_locks_the_account(bench):
    begin(bench)
    proof = SessionProof(session=SecretStr("ana.invented"), password=SecretStr(PASSWORD))
    for _ in range(MOST_FAILURES):
        with pytest.raises(AuthenticationError):
            bench.sign_in(proof, PERIOD)
    with pytest.raises(LockedOutError):
        bench.sign_in(proof, PERIOD)
    assert bench.alarms.locked == [("ana", NOW + LOCKED_FOR)]
    assert len(bench.ledger.of(EventName.ACCOUNT_LOCKED)) == 1


def test_a_session_is_its_owners_only(bench):
    hers = begin(bench).secret.get_secret_value()
    stolen = SecretStr(hers.replace("ana.", "olga."))
    with pytest.raises(AuthenticationError, match="has ended"):
        bench.sign_in(SessionProof(session=stolen, password=SecretStr(PASSWORD)), PERIOD)


def test_locking_revoking_and_signing_out_end_it(bench):
    session = begin(bench)
    end_session("ana", bench.people)
    with pytest.raises(AuthenticationError, match="has ended"):
        bench.sign_in(of(session), PERIOD)

    session = begin(bench)
    for _ in range(MOST_FAILURES):
        with pytest.raises(AuthenticationError):
            bench.sign_in(of(session, "guess"), PERIOD)
    bench.clock.advance(minutes=30)
    with pytest.raises(AuthenticationError, match="has ended"):
        bench.sign_in(of(session), 7200)

    session = begin(bench)
    bench.people.replace(bench.people.get("ana").model_copy(update={"revoked_at": NOW}))
    with pytest.raises(RevokedError):
        bench.sign_in(of(session), PERIOD)


def test_only_a_digest_of_the_secret_is_kept(bench):
    session = begin(bench)
    assert session.secret.get_secret_value() not in repr(bench.people.rows)
    assert session.secret.get_secret_value() not in repr(session)
