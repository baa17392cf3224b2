"""One time and one source of chance for each request; what is not fixed is the real thing."""

from __future__ import annotations

import datetime
import importlib
import threading
import time
from typing import Any

from moto.core.utils import unix_time, utcnow
from moto.moto_api._internal import mock_random

from local_aws import determinism

s3_models: Any = importlib.import_module("moto.s3.models")
secrets_models: Any = importlib.import_module("moto.secretsmanager.models")
MOMENT = 1_700_000_000_123_456_789


def draws() -> tuple[object, ...]:
    """What moto takes from chance and time, in each way it has."""
    return (
        *(mock_random.uuid4(), mock_random.get_random_hex(12), mock_random.get_random_string(8)),
        *(
            mock_random.random(),
            mock_random.randint(1, 10**9),
            mock_random.choice(range(10**9)),
            mock_random.randbytes(9),
        ),
        *(mock_random.sample(range(1000), 5), mock_random.token_urlsafe(8), s3_models.os.urandom(7)),
        *(utcnow(), unix_time(), s3_models.datetime.datetime.now(tz=datetime.UTC), secrets_models.time.time()),
    )


def covered() -> None:
    for service in ("s3", "secretsmanager"):
        determinism.cover(service)


def test_same_moment_and_seed_give_the_same_values() -> None:
    covered()
    with determinism.fixed(MOMENT, 7):
        first = draws()
    time.sleep(0.001)  # so that the real clock differs
    with determinism.fixed(MOMENT, 7):
        assert draws() == first
    with determinism.fixed(MOMENT + 10**9, 8):
        assert all(one != other for one, other in zip(draws(), first, strict=True))
    with determinism.fixed(MOMENT, 7):
        assert utcnow() == datetime.datetime(2023, 11, 14, 22, 13, 20, 123457)


def test_other_threads_and_later_calls_have_the_real_clock_and_real_chance() -> None:
    covered()
    elsewhere: list[tuple[object, ...]] = []
    with determinism.fixed(MOMENT, 7):
        first = draws()
        thread = threading.Thread(target=lambda: elsewhere.append(draws()))
        thread.start()
        thread.join(60)
    after = draws()
    for values in (elsewhere[0], after):
        assert all(one != other for one, other in zip(values, first, strict=True))
    assert abs(unix_time() - time.time()) < 5


def test_what_stands_for_datetime_makes_and_knows_real_ones() -> None:
    covered()
    kind = s3_models.datetime.datetime
    made = kind(2020, 1, 2, tzinfo=datetime.UTC)
    assert type(made) is datetime.datetime
    assert isinstance(made, kind)
    assert not isinstance("2020", kind)
    assert type(kind.strptime("2020", "%Y")) is datetime.datetime
    assert s3_models.datetime.timedelta is datetime.timedelta
