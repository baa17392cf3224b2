from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from vigil_airflow.polling import FIRST_SECONDS, Backoff, Patience, is_transient


def intervals(backoff: Backoff, count: int) -> list[float]:
    return [backoff.interval() for _ in range(count)]


def test_the_first_interval_is_two_seconds_and_no_interval_is_longer_than_the_longest() -> None:
    found = intervals(Backoff(60), 40)
    assert found[0] == FIRST_SECONDS == 2
    assert found == sorted(found)
    assert max(found) == 60


def test_an_interval_is_at_most_a_quarter_of_the_time_already_waited() -> None:
    found = intervals(Backoff(60), 20)
    for index in range(5, len(found)):
        assert found[index] <= 0.4 * sum(found[:index])


def test_a_reset_starts_again_with_the_first_interval() -> None:
    backoff = Backoff(60)
    intervals(backoff, 10)
    backoff.reset()
    assert backoff.interval() == FIRST_SECONDS


def test_patience_ends_only_after_the_limit_without_an_answer() -> None:
    moment = [0.0]
    patience = Patience(100, lambda: moment[0])
    assert not patience.is_over()
    moment[0] = 99
    assert not patience.is_over()
    moment[0] = 100
    assert patience.is_over()


def test_an_answer_restores_patience() -> None:
    moment = [0.0]
    patience = Patience(100, lambda: moment[0])
    patience.is_over()
    moment[0] = 99
    patience.answered()
    moment[0] = 150
    assert not patience.is_over()


def client_error(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "DescribeExecution")


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
        ConnectionResetError(),
        TimeoutError(),
        client_error("ThrottlingException", 400),
        client_error("InternalFailure", 500),
        client_error("ServiceUnavailable", 503),
    ],
)
def test_lost_connections_throttling_and_server_faults_are_transient(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [client_error("ExecutionDoesNotExist", 400), client_error("AccessDeniedException", 403), ValueError("no")],
)
def test_what_asking_again_cannot_mend_is_not_transient(error: Exception) -> None:
    assert not is_transient(error)
