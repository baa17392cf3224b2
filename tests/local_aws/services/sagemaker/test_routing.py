"""Traffic by weight, and fleets that drain."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from local_aws.services.sagemaker.routing import Fleet, NoFleetError, Router, UnknownVariantError


def fleet(generation: str, **weights: float) -> Fleet:
    servers: Any = [SimpleNamespace(variant=name, weight=weight) for name, weight in weights.items()]
    return Fleet(generation, servers, None)


def test_traffic_follows_the_weights_exactly() -> None:
    one = fleet("1", a=7.0, b=2.0, c=1.0, d=0.0)
    chosen = []
    for _ in range(100):
        with one.lease(None) as server:
            chosen.append(server.variant)
    assert {name: chosen.count(name) for name in "abcd"} == {"a": 70, "b": 20, "c": 10, "d": 0}


def test_a_named_variant_is_served_whatever_its_weight() -> None:
    one = fleet("1", a=1.0, b=0.0)
    with one.lease("b") as server:
        assert server.variant == "b"
    with pytest.raises(UnknownVariantError), one.lease("z"):
        pass


def test_a_fleet_drains_when_its_last_lease_is_back() -> None:
    router = Router()
    old, new = fleet("1", a=1.0), fleet("2", a=1.0)
    router.switch("endpoint", old)
    with router.lease("endpoint", None, 1) as (leased, _):
        assert leased is old
        assert router.switch("endpoint", new) is old
        assert not old.drain(0.01)
        with router.lease("endpoint", None, 1) as (leased, _):
            assert leased is new
    assert old.drain(0.01)


def test_a_request_waits_for_a_fleet_that_comes_up() -> None:
    router = Router()
    coming = threading.Timer(0.05, router.switch, args=("endpoint", fleet("1", a=1.0)))
    coming.start()
    with router.lease("endpoint", None, 5) as (leased, _):
        assert leased.generation == "1"
    coming.join(5)


def test_without_a_fleet_a_request_is_refused_in_time() -> None:
    with pytest.raises(NoFleetError), Router().lease("endpoint", None, 0.01):
        pass
