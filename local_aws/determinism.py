"""One time and one source of chance for each request to moto, so that a replayed request gives the same state again.

moto takes the time from ``datetime`` and ``time``, random values from one ``MotoRandom`` and from ``os.urandom``. Each
is redirected once to what the current thread has fixed; a thread that has fixed nothing gets the real thing.
"""

from __future__ import annotations

import datetime
import importlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import ModuleType
from typing import Any

from moto.moto_api._internal.moto_random import MotoRandom

#: Services whose requests give the same state when they are replayed with the same time and the same chance.
DETERMINISTIC = frozenset(
    {
        "athena",
        "cloudwatch",
        "dynamodb",
        "dynamodbstreams",
        "events",
        "firehose",
        "glue",
        "iam",
        "logs",
        "s3",
        "s3control",
        "scheduler",
        "secretsmanager",
        "ses",
        "sesv2",
        "sns",
        "sqs",
        "ssm",
        "sts",
    }
)
SHARED_MODULES = ("moto.core.utils",)


class _Fixed(threading.local):
    nanoseconds: int | None = None
    chance: Random | None = None


_fixed = _Fixed()


@contextmanager
def fixed(nanoseconds: int, seed: int) -> Iterator[None]:
    """For this thread, moto's clock stands at ``nanoseconds`` since 1970 and its dice fall as ``seed`` says."""
    before = _fixed.nanoseconds, _fixed.chance
    _fixed.nanoseconds, _fixed.chance = nanoseconds, Random(seed)  # noqa: S311 - as random as the seed
    try:
        yield
    finally:
        _fixed.nanoseconds, _fixed.chance = before


def fresh_seed() -> int:
    """Receipt handles, passwords and access keys come from it: as hard to guess as 128 bits are."""
    return int.from_bytes(os.urandom(16), "big")


def nanoseconds() -> int:
    return time.time_ns() if _fixed.nanoseconds is None else _fixed.nanoseconds


def _seconds() -> float:
    return time.time() if _fixed.nanoseconds is None else _fixed.nanoseconds / 1e9


def _random_bytes(size: int) -> bytes:
    return os.urandom(size) if _fixed.chance is None else _fixed.chance.randbytes(size)


class _DatetimeType(type):
    """Everything of ``datetime.datetime`` but the clock; instances are real ones."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime.datetime)

    def __call__(cls, *arguments: Any, **named: Any) -> datetime.datetime:
        return datetime.datetime(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        return getattr(datetime.datetime, name)

    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(_seconds(), tz)

    def today(cls) -> datetime.datetime:
        return cls.now()

    def utcnow(cls) -> datetime.datetime:
        return cls.now(datetime.UTC).replace(tzinfo=None)


class FixedDatetime(metaclass=_DatetimeType):
    """Stands in moto's modules for ``datetime.datetime``."""


class _Stand(ModuleType):
    """Stands in moto's modules for a module; what is not replaced is the real module's."""

    def __init__(self, real: ModuleType, **replaced: Any) -> None:
        super().__init__(real.__name__)
        self.__dict__.update(replaced, _real=real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_real"], name)


_REPLACED: dict[int, Any] = {
    id(datetime): _Stand(datetime, datetime=FixedDatetime),
    id(datetime.datetime): FixedDatetime,
    id(time): _Stand(time, time=_seconds, time_ns=nanoseconds),
    id(time.time): _seconds,
    id(os): _Stand(os, urandom=_random_bytes),
    id(os.urandom): _random_bytes,
}
_covered: set[str] = set()
_services: set[str] = set()
_guard = threading.Lock()


def cover(service: str) -> None:
    """Redirect clock and chance in what moto's service needs; once for each service, before its first request."""
    if service in _services:
        return
    with _guard:
        if service in DETERMINISTIC:
            importlib.import_module(f"moto.{service}.urls")
        for name, module in list(sys.modules.items()):
            if name not in _covered and _concerns(name):
                _covered.add(name)
                for attribute, value in list(vars(module).items()):
                    if id(value) in _REPLACED:
                        setattr(module, attribute, _REPLACED[id(value)])
        _services.add(service)


def _concerns(name: str) -> bool:
    if name in SHARED_MODULES:
        return True
    package, _, rest = name.partition(".")
    return package == "moto" and rest.partition(".")[0] in DETERMINISTIC


def _random(self: Random) -> float:
    return Random.random(self) if _fixed.chance is None else _fixed.chance.random()


def _getrandbits(self: Random, bits: int) -> int:
    return Random.getrandbits(self, bits) if _fixed.chance is None else _fixed.chance.getrandbits(bits)


# Every method of ``Random`` that moto uses comes down to these two.
MotoRandom.random = _random  # type: ignore[method-assign, assignment]
MotoRandom.getrandbits = _getrandbits  # type: ignore[method-assign, assignment]
