"""Rules are read or refused in plain words; the same seed gives the same faults at the wanted rates."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.chaos.rules import ChaosError, Dice, Fate, parse
from local_aws.server import Server, Settings
from local_aws.settings import SettingError


def test_rule_with_everything() -> None:
    [first, second] = parse(["states.Start*:throttle=0.2,500=0.05,latency=50ms-2s; s3:drop=1,internal=true"])
    assert (first.service, first.operation, first.latency) == ("stepfunctions", "start*", (0.05, 2.0))
    assert first.rates == {"throttle": 0.2, "500": 0.05}
    assert (second.service, second.operation, second.internal) == ("s3", "*", True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3", "must read"),
        (":500=1", "must read"),
        ("s3.*:", "must read"),
        ("s3.*:500=2", "no rate"),
        ("s3.*:500=often", "no rate"),
        ("s3.*:500=0.6,503=0.6", "more than 1"),
        ("s3.*:418=0.1", "is none of"),
        ("s3.*:latency=fast", "no latency"),
    ],
)
def test_unusable_rule_is_refused(text: str, why: str) -> None:
    with pytest.raises(ChaosError, match=why):
        parse([text])


def test_server_does_not_start_with_an_unusable_rule(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="nonsense"):
        Server(Settings(state_dir=tmp_path / "state", chaos=("s3:nonsense",)))


def fates(seed: int, count: int = 200) -> list[Fate]:
    dice = Dice(parse(["s3.*:throttle=0.2,500=0.1,latency=1ms-5ms"]), seed)
    return [dice.fate("s3", "PutObject", internal=False) for _ in range(count)]


@given(st.integers())
def test_same_seed_same_fates(seed: int) -> None:
    assert fates(seed, 20) == fates(seed, 20)


def test_other_operations_do_not_change_an_operations_fates() -> None:
    dice = Dice(parse(["s3.*:throttle=0.2,500=0.1,latency=1ms-5ms"]), 7)
    found = []
    for _ in range(50):
        dice.fate("s3", "GetObject", internal=False)
        found.append(dice.fate("s3", "PutObject", internal=False))
    assert found == fates(7, 50)


def test_rates_are_kept() -> None:
    found = Counter(fate.fault for fate in fates(3, 5000))
    assert 0.17 < found["throttle"] / 5000 < 0.23
    assert 0.08 < found["500"] / 5000 < 0.12
    assert {fate.delay > 0.001 for fate in fates(3)} == {True}


def test_first_rule_decides_and_the_servers_own_calls_are_spared() -> None:
    dice = Dice(parse(["s3.Get*:500=0", "s3.*:500=1", "sqs.*:500=1,internal=true"]), 0)
    assert dice.fate("s3", "GetObject", internal=False).fault is None
    assert dice.fate("s3", "PutObject", internal=False).fault == "500"
    assert dice.fate("s3", "PutObject", internal=True).fault is None
    assert dice.fate("sqs", "SendMessage", internal=True).fault == "500"
    assert dice.fate("sns", "Publish", internal=False).fault is None
