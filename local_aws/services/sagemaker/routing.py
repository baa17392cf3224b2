"""Which server gets a request, and when a server may go: traffic switches at once, the old servers drain.

A fleet is what one deployment of an endpoint runs. A request leases a server of the fleet that is current at
that moment; a fleet that was replaced ends when its last lease is given back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from local_aws.services.sagemaker.hosting_shapes import DataCaptureConfig
from local_aws.services.sagemaker.serving import ModelServer


class NoFleetError(Exception):
    """No server answers for the endpoint."""


class UnknownVariantError(Exception):
    """The endpoint has no such variant."""


class Fleet:
    def __init__(self, generation: str, servers: list[ModelServer], capture: DataCaptureConfig | None) -> None:
        self.generation = generation
        self.servers = servers
        self.capture = capture
        self.retired = threading.Event()
        self._leases = 0
        self._sent = {server.variant: 0 for server in servers}
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

    def _choose(self, variant: str | None) -> ModelServer:
        """The variant that is furthest behind its share of the traffic: the split is exact, not by chance."""
        if variant is not None:
            for server in self.servers:
                if server.variant == variant:
                    return server
            raise UnknownVariantError(variant)
        weighted = [server for server in self.servers if server.weight > 0]
        return min(weighted, key=lambda server: (self._sent[server.variant] + 1) / server.weight)


class Router:
    """The current fleet of each endpoint."""

    def __init__(self) -> None:
        self._fleets: dict[str, Fleet] = {}
        self._changed = threading.Condition()

    def switch(self, endpoint: str, fleet: Fleet) -> Fleet | None:
        """Send new requests to ``fleet``; returns the one that got them before."""
        with self._changed:
            old = self._fleets.get(endpoint)
            self._fleets[endpoint] = fleet
            self._changed.notify_all()
            return old

    def remove(self, endpoint: str) -> Fleet | None:
        with self._changed:
            return self._fleets.pop(endpoint, None)

    def fleet(self, endpoint: str) -> Fleet | None:
        with self._changed:
            return self._fleets.get(endpoint)

    def clear(self) -> list[Fleet]:
        """Forget every fleet; returns them."""
        with self._changed:
            fleets = list(self._fleets.values())
            self._fleets.clear()
            return fleets

    @contextmanager
    def lease(self, endpoint: str, variant: str | None, wait_seconds: float) -> Iterator[tuple[Fleet, ModelServer]]:
        """A server for one request; waits for a fleet that is coming up. Raises ``NoFleetError``."""
        with ExitStack() as leased:
            with self._changed:
                self._changed.wait_for(lambda: endpoint in self._fleets, wait_seconds)
                fleet = self._fleets.get(endpoint)
                if fleet is None:
                    raise NoFleetError(endpoint)
                # Leased before the lock is given up: a switch cannot drain the fleet in between.
                server = leased.enter_context(fleet.lease(variant))
            yield fleet, server
