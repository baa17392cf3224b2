"""What ``--chaos`` asks for, and which fault befalls a call.

A rule reads ``SERVICE.OPERATION:FAULT=RATE,...``, both names with wildcards::

    dynamodb.*:throttle=0.2,500=0.05,latency=100ms
    s3.Put*:500-after=0.1,drop=0.01;sqs.SendMessage:503=0.5
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from local_aws.settings import SettingError

#: ``-after``: the call has its effect, and the caller is not told.
FAULTS = ("throttle", "500", "503", "drop", "500-after", "drop-after")
LATENCY = re.compile(r"(\d+(?:\.\d+)?)(ms|s)(?:-(\d+(?:\.\d+)?)(ms|s))?")
SECONDS = {"ms": 0.001, "s": 1.0}
#: Names that AWS uses in ARNs and endpoints, and botocore's.
ALIASES = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses"}


class ChaosError(SettingError):
    """A rule cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True)
class Rule:
    """``rates`` are probabilities by fault, one of which befalls a call; ``latency`` is (shortest, longest), s."""

    text: str
    service: str
    operation: str
    rates: Mapping[str, float]
    latency: tuple[float, float] = (0.0, 0.0)
    internal: bool = False

    def is_about(self, service: str, operation: str) -> bool:
        return fnmatchcase(service, self.service) and fnmatchcase(operation.lower(), self.operation)


@dataclass(frozen=True)
class Fate:
    """What befalls a call: a fault or None, after a delay in seconds."""

    fault: str | None = None
    delay: float = 0.0


def parse(texts: Sequence[str]) -> tuple[Rule, ...]:
    """Rules from options, each of which may hold several, separated by semicolons. Raises ``ChaosError``."""
    return tuple(_rule(part.strip()) for text in texts for part in text.split(";") if part.strip())


def _rule(text: str) -> Rule:
    names, colon, settings = text.partition(":")
    service, _, operation = names.partition(".")
    if not colon or not service or not settings:
        raise ChaosError(f"chaos rule {text!r}: it must read SERVICE.OPERATION:FAULT=RATE,... such as s3.*:503=0.1")
    rates: dict[str, float] = {}
    latency, internal = (0.0, 0.0), False
    for setting in settings.split(","):
        name, _, value = setting.strip().partition("=")
        if name == "latency":
            latency = _latency(text, value)
        elif name == "internal" and value in ("true", "false"):
            internal = value == "true"
        elif name in FAULTS:
            rates[name] = _rate(text, value)
        else:
            known = ", ".join(FAULTS)
            raise ChaosError(f"chaos rule {text!r}: {setting.strip()!r} is none of {known}, latency, internal=true")
    if sum(rates.values()) > 1:
        raise ChaosError(f"chaos rule {text!r}: the rates add up to more than 1")
    wanted = ALIASES.get(service.lower(), service.lower())
    return Rule(text, wanted, (operation or "*").lower(), rates, latency, internal)


def _rate(text: str, value: str) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ChaosError(f"chaos rule {text!r}: {value!r} is no rate from 0 to 1")
    return rate


def _latency(text: str, value: str) -> tuple[float, float]:
    match = LATENCY.fullmatch(value)
    if match is None:
        raise ChaosError(f"chaos rule {text!r}: {value!r} is no latency such as 100ms, 2s or 50ms-200ms")
    shortest = float(match[1]) * SECONDS[match[2]]
    longest = float(match[3]) * SECONDS[match[4]] if match[3] else shortest
    return min(shortest, longest), max(shortest, longest)


class Dice:
    """The same seed gives the n-th call of an operation the same fate, whatever happens to the others."""

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        self.rules = tuple(rules)
        self.seed = seed
        self._lock = threading.Lock()
        self._calls: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[str] = Counter()

    def fate(self, service: str, operation: str, *, internal: bool) -> Fate:
        """The first rule about the operation decides."""
        for rule in self.rules:
            if rule.is_about(service, operation):
                return Fate() if internal and not rule.internal else self._throw(rule, service, operation)
        return Fate()

    def _throw(self, rule: Rule, service: str, operation: str) -> Fate:
        with self._lock:
            number = self._calls[service, operation]
            self._calls[service, operation] += 1
        left = self._fraction(service, operation, number, "fault")
        shortest, longest = rule.latency
        delay = shortest + (longest - shortest) * self._fraction(service, operation, number, "latency")
        for fault, rate in rule.rates.items():
            if left < rate:
                with self._lock:
                    self.faults[f"{service}.{operation} {fault}"] += 1
                return Fate(fault, delay)
            left -= rate
        return Fate(None, delay)

    def _fraction(self, *parts: object) -> float:
        """A number from 0 to 1, the same for the same parts."""
        digest = hashlib.sha256(repr((self.seed, *parts)).encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64
