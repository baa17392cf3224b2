from datetime import timedelta

from approval_fakes import EXECUTION, NOW, TOKEN

from vigil.approvals.models import Status
from vigil.approvals.open import open_request, request_id_of


def test_a_wait_becomes_a_pending_request_with_the_states_own_expiry(bench):
    request = bench.open()
    assert request.status is Status.PENDING
    assert request.expires_at == NOW + timedelta(days=14)
    assert request.facts == bench.facts


def test_the_same_message_twice_opens_one_request(bench):
    first = bench.open()
    again = open_request(bench.message(), bench.opening)
    assert (again.request, again.is_new) == (first, False)
    assert len(bench.store.rows) == 1


def test_a_message_that_comes_again_after_the_decision_leaves_the_decision(bench):
    request = bench.open()
    bench.store.change(request.request_id, status=Status.REJECTED)
    again = open_request(bench.message(), bench.opening)
    assert again.request.status is Status.REJECTED


def test_a_retried_wait_supersedes_the_older_request(bench):
    older = bench.open()
    bench.clock.advance(seconds=30)
    newer = bench.open(token=TOKEN + "2", attempt=1)
    assert bench.store.get(older.request_id).status is Status.SUPERSEDED
    assert newer.request_id in bench.store.get(older.request_id).note
    assert newer.status is Status.PENDING


def test_an_older_message_that_arrives_late_does_not_supersede_the_newer_request(bench):
    late = bench.message()
    bench.clock.advance(seconds=30)
    newer = bench.open(token=TOKEN + "2", attempt=1)
    opened = open_request(late, bench.opening)
    assert opened.request.status is Status.SUPERSEDED
    assert bench.store.get(newer.request_id).status is Status.PENDING


def test_another_runs_request_is_left_alone(bench):
    first = bench.open()
    bench.open(execution=EXECUTION + "-other", token=TOKEN + "2")
    assert bench.store.get(first.request_id).status is Status.PENDING


def test_the_token_is_in_no_form_of_a_request_that_people_see(bench):
    request = bench.open()
    message = bench.message()
    assert bench.vault.unseal(request.request_id, request.token_ciphertext) == TOKEN
    for shown in (str(request.public()), repr(request), repr(message), str(message)):
        assert TOKEN not in shown
        assert request.token_ciphertext not in shown


def test_the_id_depends_on_the_wait_and_not_on_the_token(bench):
    one, other = bench.message(), bench.message(token="another-token")
    assert request_id_of(one) == request_id_of(other)
    assert request_id_of(one) != request_id_of(bench.message(attempt=1))
