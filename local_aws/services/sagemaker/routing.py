"""Which server gets a request, and when a server may go: traffic moves at once, the old servers drain.

A fleet is what one deployment of an endpoint runs. A request leases a server of a fleet that serves at that moment;
a fleet that was replaced ends when its last lease is given back. While a deployment shifts traffic two fleets serve:
the one in service and the candidate, which gets a share of the requests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from local_aws.services.sagemaker.hosting_shapes import DataCaptureConfig
from local_aws.services.sagemaker.serving import ModelServer

WHOLE = 100


class NoFleetError(Exception):
    """No server answers for the endpoint."""


class UnknownVariantError(Exception):
    """The endpoint has no such variant."""


class Fleet:
    """``shadows`` get copies of requests and answer no caller."""

    def __init__(
        self,
        generation: str,
        servers: Sequence[ModelServer],
        capture: DataCaptureConfig | None,
        shadows: Sequence[ModelServer] = (),
    ) -> None:
        self.generation = generation
        self.servers = list(servers)
        self.shadows = list(shadows)
        self.capture = capture
        self.retired = threading.Event()
        self.failure = ""
        self._leases = 0
        self._weights = {server.variant: server.weight for server in self.servers}
        self._sent = dict.fromkeys(self._weights, 0)
        self._copies = {shadow.variant: 0.0 for shadow in self.shadows}
        self._changed = threading.Condition()

    @contextmanager
    def lease(self, variant: str | None) -> Iterator[ModelServer]:
        with self._changed:
            server = self._choose(variant)
            self._sent[server.variant] += 1
            self._leases += 1
        try:
            yield server
        finally:
            with self._changed:
                self._leases -= 1
                self._changed.notify_all()

    def drain(self, limit_seconds: float) -> bool:
        """Whether the last lease was given back before the limit. Only for a fleet that gets no new requests."""
        with self._changed:
            return self._changed.wait_for(lambda: self._leases == 0, limit_seconds)

    def has(self, variant: str) -> bool:
        return variant in self._weights

    def reweigh(self, weights: Mapping[str, float]) -> None:
        """Split what comes from now on by other weights."""
        with self._changed:
            self._weights.update(weights)
            self._sent = dict.fromkeys(self._weights, 0)

    def shadows_of_next(self, variant: str) -> list[ModelServer]:
        """The shadows that get a copy of a request to ``variant``.

        The share is the shadow's weight over the variant's, at most every request, exact and not by chance.
        """
        due = []
        with self._changed:
            weight = self._weights[variant]
            for shadow in self.shadows:
                share = min(1.0, shadow.weight / weight) if weight > 0 else 1.0
                self._copies[shadow.variant] += share
                if self._copies[shadow.variant] >= 1.0 - 1e-9:
                    self._copies[shadow.variant] -= 1.0
                    due.append(shadow)
        return due

    def _choose(self, variant: str | None) -> ModelServer:
        """The variant that is furthest behind its share of the traffic: the split is exact, not by chance."""
        if variant is not None:
            for server in self.servers:
                if server.variant == variant:
                    return server
            raise UnknownVariantError(variant)
        weighted = [server for server in self.servers if self._weights[server.variant] > 0]
        return min(weighted, key=lambda server: (self._sent[server.variant] + 1) / self._weights[server.variant])


@dataclass
class Traffic:
    """The fleets of one endpoint. ``share`` is the percentage of the requests that the candidate gets."""

    serving: Fleet | None = None
    candidate: Fleet | None = None
    share: int = 0
    due: int = 0

    def fleets(self) -> list[Fleet]:
        return [fleet for fleet in (self.serving, self.candidate) if fleet is not None]

    def next(self, variant: str | None) -> Fleet | None:
        """The fleet of the next request; a named variant that only one fleet has decides."""
        if self.serving is None or self.candidate is None:
            return self.serving or (self.candidate if self.share else None)
        self.due += self.share
        chosen = self.serving
        if self.due >= WHOLE:
            self.due -= WHOLE
            chosen = self.candidate
        if variant is not None and not chosen.has(variant):
            others = [fleet for fleet in self.fleets() if fleet.has(variant) and (fleet is self.serving or self.share)]
            return others[0] if others else chosen
        return chosen


class Router:
    """The fleets that serve each endpoint."""

    def __init__(self) -> None:
        self._traffic: dict[str, Traffic] = {}
        self._changed = threading.Condition()

    def switch(self, endpoint: str, fleet: Fleet) -> Fleet | None:
        """Send new requests to ``fleet``, which is no candidate any more; returns the one that was in service."""
        with self._changed:
            old = self._traffic.get(endpoint, Traffic()).serving
            self._traffic[endpoint] = Traffic(serving=fleet)
            self._changed.notify_all()
            return None if old is fleet else old

    def shift(self, endpoint: str, candidate: Fleet, share: int) -> None:
        """Send ``share`` percent of the new requests to ``candidate``, exactly and spread evenly."""
        with self._changed:
            traffic = self._traffic.setdefault(endpoint, Traffic())
            traffic.candidate, traffic.share, traffic.due = candidate, share, 0
            self._changed.notify_all()

    def withdraw(self, endpoint: str, fleet: Fleet) -> bool:
        """Send ``fleet`` no more requests; whether it was the fleet in service."""
        with self._changed:
            traffic = self._traffic.get(endpoint, Traffic())
            was_serving = traffic.serving is fleet
            if was_serving:
                traffic.serving = None
            if traffic.candidate is fleet:
                traffic.candidate, traffic.share = None, 0
            if not traffic.fleets():
                self._traffic.pop(endpoint, None)
            return was_serving

    def remove(self, endpoint: str) -> Fleet | None:
        with self._changed:
            return self._traffic.pop(endpoint, Traffic()).serving

    def fleet(self, endpoint: str) -> Fleet | None:
        """The fleet in service."""
        with self._changed:
            return self._traffic.get(endpoint, Traffic()).serving

    def clear(self) -> list[Fleet]:
        """Forget every fleet; returns them."""
        with self._changed:
            fleets = [fleet for traffic in self._traffic.values() for fleet in traffic.fleets()]
            self._traffic.clear()
            return fleets

    @contextmanager
    def lease(self, endpoint: str, variant: str | None, wait_seconds: float) -> Iterator[tuple[Fleet, ModelServer]]:
        """A server for one request; waits for a fleet that is coming up. Raises ``NoFleetError``."""
        with ExitStack() as leased:
            with self._changed:
                self._changed.wait_for(lambda: self._served(endpoint), wait_seconds)
                fleet = self._traffic.get(endpoint, Traffic()).next(variant)
                if fleet is None:
                    raise NoFleetError(endpoint)
                # Leased before the lock is given up: a switch cannot drain the fleet in between.
                server = leased.enter_context(fleet.lease(variant))
            yield fleet, server

    def _served(self, endpoint: str) -> bool:
        traffic = self._traffic.get(endpoint, Traffic())
        return traffic.serving is not None or (traffic.candidate is not None and traffic.share > 0)
