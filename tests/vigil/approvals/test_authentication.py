"""Who signs: both components, the person behind them, and what counts as a failure."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from people_fakes import ISSUER, NOW, PASSWORD, ROLE, SignInBench, person, proof_of

from vigil.approvals.errors import (
    AuthenticationError,
    LockedOutError,
    ProviderUnavailableError,
    RevokedError,
    WrongPersonError,
)
from vigil.approvals.lockout import LOCKED_FOR, MOST_FAILURES
from vigil.audit.events import EventName
from vigil.moments import timestamp


@pytest.fixture
def bench() -> SignInBench:
    return SignInBench.make()


def fail(bench, times, name="ana"):
    for _ in range(times):
        with pytest.raises(AuthenticationError):
            bench.sign_in(proof_of(name, "guess"))


def test_a_signer_is_the_person_of_the_record_with_the_roles_that_both_give(bench):
    bench.passwords.groups["ana"] = [ROLE, "quality-assurance"]
    signer = bench.sign_in(proof_of("ana"))
    found = signer.authentication
    assert (found.username, found.printed_name, found.subject) == ("ana", "Ana Example", "subject-of-ana")
    assert (found.groups, found.components, found.issuer) == ({ROLE}, 2, ISSUER)
    assert signer.person == bench.people.get("ana")
    assert bench.ledger.records == []


def test_a_role_of_the_record_that_the_provider_does_not_give_is_none(bench):
    bench.passwords.groups["ana"] = []
    assert bench.sign_in(proof_of("ana")).authentication.groups == frozenset()


def test_a_user_name_is_one_persons_however_it_is_typed(bench):
    assert bench.sign_in(proof_of(" ANA ")).person.username == "ana"
    fail(bench, 2, "AnA")
    assert bench.people.get("ana").failures == 2


def test_the_first_sign_in_binds_the_name_to_the_account_and_no_other_may_use_it(bench):
    bench.sign_in(proof_of("ana"))
    assert (bench.people.get("ana").issuer, bench.people.get("ana").subject) == (ISSUER, "subject-of-ana")
    bench.passwords.subjects["ana"] = "made-anew-under-the-same-name"
    with pytest.raises(AuthenticationError, match="belongs to another account"):
        bench.sign_in(proof_of("ana"))
    assert bench.people.get("ana").failures == 1


def test_an_account_that_signs_as_one_name_cannot_sign_as_a_second(bench):
    bench.sign_in(proof_of("ana"))
    bench.people.insert(person("anna"))
    bench.passwords.groups["anna"], bench.passwords.subjects["anna"] = [ROLE], "subject-of-ana"
    with pytest.raises(AuthenticationError, match="another user name"):
        bench.sign_in(proof_of("anna"))
    assert bench.people.get("anna").subject is None


@pytest.mark.parametrize("name", ["nobody", "stranger"])
def test_a_name_that_nobody_has_gets_the_words_of_a_wrong_password_and_no_row(bench, name):
    bench.passwords.groups["stranger"] = [ROLE]  # an account at the provider, but no person of ours
    with pytest.raises(AuthenticationError) as wrong:
        bench.sign_in(proof_of("ana", "guess"))
    with pytest.raises(AuthenticationError) as unknown:
        bench.sign_in(proof_of(name))
    assert (type(unknown.value), str(unknown.value)) == (type(wrong.value), str(wrong.value))
    assert bench.passwords.asked == ["ana"]
    assert set(bench.people.rows) == {"ana", "olga"}
    assert [each.subject for each in bench.ledger.of(EventName.SIGN_IN_FAILED)] == ["person:ana", "person:unknown"]
    assert name not in str([each.content() for each in bench.ledger.records])  # it may be a password, mistyped


def test_too_many_wrong_passwords_lock_the_account_and_tell(bench):
    fail(bench, MOST_FAILURES)
    assert bench.people.get("ana").locked_until == NOW + LOCKED_FOR
    assert bench.alarms.locked == [("ana", NOW + LOCKED_FOR)]
    (locked,) = bench.ledger.of(EventName.ACCOUNT_LOCKED)
    assert (locked.subject, locked.old, locked.new) == ("person:ana", "open", "locked")
    assert len(bench.ledger.of(EventName.SIGN_IN_FAILED)) == bench.alarms.failed == MOST_FAILURES


@pytest.mark.parametrize("later", [timedelta(minutes=10), LOCKED_FOR + timedelta(days=1)])
def test_a_lock_that_the_ledger_did_not_take_alarms_at_once_and_is_recorded_at_the_next_attempt(bench, later):
    append = bench.ledger.append
    bench.ledger.append = Mock(side_effect=ConnectionError)
    fail(bench, MOST_FAILURES)
    assert bench.alarms.locked == [("ana", NOW + LOCKED_FOR)]
    assert (bench.alarms.failed, bench.ledger.records) == (MOST_FAILURES, [])
    bench.ledger.append = append
    bench.clock.advance(seconds=later.total_seconds())
    for _ in range(2):
        with pytest.raises(AuthenticationError if later > LOCKED_FOR else LockedOutError):
            bench.sign_in(proof_of("ana", "guess"))
    (locked,) = bench.ledger.of(EventName.ACCOUNT_LOCKED)
    assert locked.details["until"] == timestamp(NOW + LOCKED_FOR)
    assert bench.alarms.locked == [("ana", NOW + LOCKED_FOR)]


def test_the_last_permitted_attempt_is_no_lock_while_it_may_still_succeed(bench):
    bench.people.replace(bench.people.get("ana").model_copy(update={"failures": 5, "locked_until": NOW + LOCKED_FOR}))
    with pytest.raises(LockedOutError):
        bench.sign_in(proof_of("ana"))
    assert bench.ledger.of(EventName.ACCOUNT_LOCKED) == []


def test_a_locked_account_answers_the_same_to_right_and_wrong_and_is_not_tried(bench):
    fail(bench, MOST_FAILURES)
    asked, said = len(bench.passwords.asked), set()
    for password in (PASSWORD, "guess"):
        with pytest.raises(LockedOutError) as refused:
            bench.sign_in(proof_of("ana", password))
        said.add(str(refused.value))
    assert (len(bench.passwords.asked), len(said)) == (asked, 1)
    assert len(bench.alarms.locked) == 1


def test_a_lock_ends_by_itself_and_leaves_the_full_number_of_tries(bench):
    fail(bench, MOST_FAILURES)
    bench.clock.advance(seconds=LOCKED_FOR.total_seconds())
    fail(bench, MOST_FAILURES - 1)
    bench.sign_in(proof_of("ana"))
    assert (bench.people.get("ana").failures, bench.people.get("ana").locked_until) == (0, None)


def test_success_at_the_last_try_forgives_what_was_counted(bench):
    fail(bench, MOST_FAILURES - 1)
    bench.sign_in(proof_of("ana"))
    fail(bench, MOST_FAILURES - 1)
    assert bench.people.get("ana").locked_until is None
    assert bench.alarms.locked == []


def test_a_right_password_does_not_open_a_lock_that_others_have_made_meanwhile(bench):
    sign_in = bench.passwords.sign_in

    def slowly(username, password):
        bench.passwords.sign_in = sign_in
        fail(bench, MOST_FAILURES - 1)
        return sign_in(username, password)

    bench.passwords.sign_in = slowly
    with pytest.raises(LockedOutError):
        bench.sign_in(proof_of("ana"))
    assert bench.people.get("ana").locked_until == NOW + LOCKED_FOR


def test_a_provider_that_gives_no_answer_costs_no_try(bench):
    fail(bench, MOST_FAILURES - 1)
    bench.passwords.failing = ProviderUnavailableError("try again")
    with pytest.raises(ProviderUnavailableError):
        bench.sign_in(proof_of("ana"))
    assert (bench.people.get("ana").failures, bench.people.get("ana").locked_until) == (MOST_FAILURES - 1, None)
    assert bench.alarms.failed == MOST_FAILURES - 1, "an outage is no attack"


def test_a_crash_while_the_last_try_is_judged_leaves_the_account_locked(bench):
    fail(bench, MOST_FAILURES - 1)
    bench.passwords.failing = KeyboardInterrupt()  # the process ends: no handler of ours runs
    with pytest.raises(KeyboardInterrupt):
        bench.sign_in(proof_of("ana"))
    assert bench.people.get("ana").locked_until == NOW + LOCKED_FOR


def test_somebody_revoked_is_refused_before_a_password_is_tried(bench):
    bench.people.replace(bench.people.get("ana").model_copy(update={"revoked_at": NOW}))
    with pytest.raises(RevokedError):
        bench.sign_in(proof_of("ana"))
    assert bench.passwords.asked == []
    assert bench.ledger.of(EventName.SIGN_IN_FAILED)[0].details["error"] == "RevokedError"


def test_a_revocation_during_the_sign_in_is_seen(bench):
    sign_in = bench.passwords.sign_in

    def revoked_meanwhile(username, password):
        bench.people.replace(bench.people.get("ana").model_copy(update={"revoked_at": NOW}))
        return sign_in(username, password)

    bench.passwords.sign_in = revoked_meanwhile
    with pytest.raises(RevokedError):
        bench.sign_in(proof_of("ana"))


@pytest.mark.parametrize("binding", [{"issuer": ISSUER, "subject": "other"}, {"issuer": "https://other.example"}])
def test_another_binding_during_the_sign_in_is_seen_and_stays(bench, binding):
    """After the identity was compared with the record, and before it would have been written to it."""
    attempt = bench.people.replace

    def bound_meanwhile(person):
        if person.subject == "subject-of-ana":
            bench.people.replace = attempt
            attempt(bench.people.get("ana").model_copy(update=binding))
        return attempt(person)

    bench.people.replace = bound_meanwhile
    with pytest.raises(AuthenticationError, match="belongs to another account"):
        bench.sign_in(proof_of("ana"))
    ana = bench.people.get("ana")
    assert {name: getattr(ana, name) for name in binding} == binding


@pytest.mark.parametrize("delay", [timedelta(minutes=2), timedelta(minutes=-2)])
def test_a_sign_in_of_before_what_was_shown_or_of_the_future_does_not_count(bench, delay):
    bench.passwords.delay = delay
    with pytest.raises(AuthenticationError, match="not of now"):
        bench.sign_in(proof_of("ana"))


def test_only_the_expected_person_is_tried(bench):
    with pytest.raises(WrongPersonError, match="signed in here as olga"):
        bench.sign_in(proof_of("ana"), expected="olga")
    assert bench.passwords.asked == []
    assert bench.sign_in(proof_of("ana"), expected="Ana").person.username == "ana"


def test_no_password_is_in_the_ledger(bench):
    fail(bench, 1)
    assert "guess" not in str([each.content() for each in bench.ledger.records])
