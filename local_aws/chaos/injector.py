"""The guard that brings faults upon calls, and what changes it while the server runs."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import Any

from local_aws.api import ApiError
from local_aws.calls.incoming import IncomingCall
from local_aws.chaos.answers import answer
from local_aws.chaos.rules import ChaosError, Dice, Fate, parse
from local_aws.protocol import Response

AFTER = "-after"
DROPPED = ApiError("ConnectionDropped", "the connection was dropped on purpose (--chaos)", 500)


class Injector:
    """Calls of the server itself are spared, unless a rule says ``internal=true``."""

    def __init__(self, rules: tuple[str, ...] = (), seed: int = 0) -> None:
        self._dice = Dice(parse(rules), seed)
        self._fates: dict[int, Fate] = {}
        self._stopped = threading.Event()

    def before(self, call: IncomingCall) -> Response | None:
        dice = self._dice
        if not dice.rules:
            return None
        fate = dice.fate(call.service, call.name, internal=call.principal.internal)
        if fate.delay:
            self._stopped.wait(fate.delay)
        if fate.fault is None:
            return None
        if fate.fault.endswith(AFTER):
            self._fates[id(call)] = fate
            return None
        return _befall(call, fate.fault)

    def after(self, call: IncomingCall, response: Response) -> Response:
        fate = self._fates.pop(id(call), None)
        if fate is None or fate.fault is None or response.status >= 400:
            return response
        return _befall(call, fate.fault.removesuffix(AFTER))

    def stop(self) -> None:
        self._stopped.set()

    def control(self, method: str, body: bytes) -> Response:
        """``GET``: rules, seed and how often each fault befell; ``POST {"rules": [...], "seed": 7}`` changes them."""
        if method == "POST":
            try:
                wanted = json.loads(body or b"{}")
                self._dice = Dice(parse(_texts(wanted.get("rules", []))), int(wanted.get("seed", 0)))
            except (ChaosError, ValueError, TypeError, AttributeError) as error:
                return Response(400, {"Content-Type": "text/plain; charset=utf-8"}, str(error).encode())
        dice = self._dice
        state = {"rules": [rule.text for rule in dice.rules], "seed": dice.seed, "faults": dict(dice.faults)}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(state).encode())


def _texts(rules: Any) -> list[str]:
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise ChaosError("rules must be a list of texts")
    return rules


def _befall(call: IncomingCall, fault: str) -> Response:
    if fault != "drop":
        return answer(call.service, call.operation, call.name, fault)
    call.error = DROPPED
    connection = call.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return Response(DROPPED.status)
