"""A continuous period of signing (21 CFR 11.200(a)(1)(i)): after a signature with both components, later ones need the
password only, while the period lasts.

It lasts as the plan says from that first signature, by the plan of each request that is signed in it, and is never
prolonged; lock-out, revocation and signing out end
it. What the signer keeps is a secret that names its owner; we keep its SHA-256. It replaces the user name, never the
password. It is for passwords of the stack's own pool only: of another provider's password we see nothing, so there
each signature is a full sign-in.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from vigil.approvals.lockout import change
from vigil.approvals.people import NO_SESSION, People, Person
from vigil.digests import sha256_hex

if TYPE_CHECKING:  # authentication asks this module whether a session holds
    from vigil.approvals.authentication import AuthenticationPorts, Signer

SECRET_BYTES = 32
SEPARATOR = "."  # the random part has none


@dataclass(frozen=True)
class Session:
    """``secret`` is what a later ``SessionProof`` needs; it is kept nowhere."""

    secret: SecretStr
    expires_at: datetime


def begin_session(signer: Signer, ports: AuthenticationPorts, continuous_seconds: int) -> Session | None:
    """For the desk, once a signature is stored: a period begins, or None where there is to be none.

    There is none where the plan has none, where fewer than two components were given (a period is never prolonged), and
    where the proof was another provider's token.
    """
    if not continuous_seconds or not signer.by_password or signer.authentication.components != 2:
        return None
    username = signer.person.username
    secret = f"{username}{SEPARATOR}{secrets.token_urlsafe(SECRET_BYTES)}"
    now = ports.clock()
    until = now + timedelta(seconds=continuous_seconds)
    begun = {"session_hash": sha256_hex(secret.encode()), "session_began_at": now, "session_expires_at": until}

    def begin(stored: Person) -> Person:
        ended = stored.revoked_at is not None or stored.locked_until is not None
        return stored if ended else stored.model_copy(update=begun)

    stored = change(username, ports.people, begin)
    return Session(SecretStr(secret), until) if stored.session_hash == begun["session_hash"] else None


def end_session(username: str, people: People) -> Person:
    return change(username, people, without_session)


def without_session(person: Person) -> Person:
    return person.model_copy(update=NO_SESSION)


def owner_of(session: SecretStr) -> str:
    """The user name that a session's secret claims; proven only by ``holds``."""
    return session.get_secret_value().rpartition(SEPARATOR)[0]


def holds(person: Person, session: SecretStr, now: datetime, continuous_seconds: int) -> bool:
    """``continuous_seconds``: of the plan of what is signed now. A period that began under a plan that allows longer
    ones has ended for this one when its own seconds are over."""
    began, until = person.session_began_at, person.session_expires_at
    if person.session_hash is None or began is None or until is None:
        return False
    if now >= min(until, began + timedelta(seconds=continuous_seconds)):
        return False
    return hmac.compare_digest(person.session_hash, sha256_hex(session.get_secret_value().encode()))
