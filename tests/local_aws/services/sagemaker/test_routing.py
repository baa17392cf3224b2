"""Traffic by weight, and fleets that drain."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    coming.join(60)


def test_without_a_fleet_a_request_is_refused_in_time() -> None:
    with pytest.raises(NoFleetError), Router().lease("endpoint", None, 0.01):
        pass


def chosen(router: Router, count: int, variant: str | None = None) -> list[str]:
    generations = []
    for _ in range(count):
        with router.lease("endpoint", variant, 1) as (leased, _):
            generations.append(leased.generation)
    return generations


@given(st.integers(1, 100))
def test_a_candidate_gets_exactly_its_share(share: int) -> None:
    router = Router()
    router.switch("endpoint", fleet("old", a=1.0))
    router.shift("endpoint", fleet("new", a=1.0), share)
    assert chosen(router, 100).count("new") == share


def test_a_variant_that_only_one_fleet_has_is_served_by_it() -> None:
    router = Router()
    router.switch("endpoint", fleet("old", a=1.0))
    router.shift("endpoint", fleet("new", b=1.0), 10)
    assert set(chosen(router, 20, "a")) == {"old"}
    assert set(chosen(router, 20, "b")) == {"new"}


def test_a_withdrawn_candidate_gets_nothing_and_a_lost_fleet_is_stood_in_for() -> None:
    router = Router()
    old, new = fleet("old", a=1.0), fleet("new", a=1.0)
    router.switch("endpoint", old)
    router.shift("endpoint", new, 50)
    assert not router.withdraw("endpoint", new)
    assert set(chosen(router, 10)) == {"old"}
    router.shift("endpoint", new, 50)
    assert router.withdraw("endpoint", old)
    assert set(chosen(router, 10)) == {"new"}
    assert not router.withdraw("endpoint", new)
    with pytest.raises(NoFleetError), router.lease("endpoint", None, 0.01):
        pass


def test_weights_may_change_between_two_requests() -> None:
    one = fleet("1", a=1.0, b=1.0)
    one.reweigh({"a": 0.0, "b": 3.0})
    for _ in range(5):
        with one.lease(None) as server:
            assert server.variant == "b"


@given(st.floats(0.05, 2.0))
def test_a_shadow_gets_its_share_of_the_copies(weight: float) -> None:
    servers: Any = [SimpleNamespace(variant="a", weight=1.0)]
    shadows: Any = [SimpleNamespace(variant="s", weight=weight)]
    one = Fleet("1", servers, None, shadows)
    copies = sum(len(one.shadows_of_next("a")) for _ in range(100))
    assert copies == pytest.approx(min(1.0, weight) * 100, abs=1)
