"""One change of moto's state as the journal keeps it: the request, when and by what chance it ran, what was answered.

Two records tell of a change. The first holds the request and is written before moto sees it; the second, its
outcome, holds the status and a digest of the answer and only serves to notice a replay that goes another way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.blobs import BlobFolder
from local_aws.journal import JournalError
from local_aws.protocol import Response

#: Larger bodies lie beside the journal, by content, where S3's snapshot finds them again.
INLINE_BYTES = 64 * 1024
#: What an answer says in its headers that a client may build upon.
TELLING_HEADERS = ("etag", "x-amz-version-id", "x-amz-delete-marker")


@dataclass(frozen=True)
class Change:
    """``environ`` holds the plain values of the WSGI environment, or names a function of our own (``CALL``)."""

    number: int
    service: str
    action: str
    environ: dict[str, Any]
    body: bytes
    nanoseconds: int
    seed: int


@dataclass(frozen=True)
class Outcome:
    status: int
    digest: str


def outcome_of(response: Response | None) -> Outcome:
    """None stands for a request that moto could not answer at all."""
    if response is None:
        return Outcome(0, "")
    digest = hashlib.sha256(response.body if isinstance(response.body, bytes) else b"")
    for name, value in sorted((name.lower(), value) for name, value in response.headers.items()):
        if name in TELLING_HEADERS:
            digest.update(f"\n{name}:{value}".encode())
    return Outcome(response.status, digest.hexdigest()[:32])


def plain(environ: Mapping[str, Any]) -> dict[str, Any]:
    """What of a WSGI environment can be written down; streams and sockets of the server cannot."""
    return {name: value for name, value in environ.items() if isinstance(value, str | bool | int)}


def encode_change(change: Change, blobs: BlobFolder) -> bytes:
    """Raises ``OSError`` when a large body cannot be written beside the journal."""
    head: dict[str, Any] = {
        "n": change.number,
        "service": change.service,
        "action": change.action,
        "environ": change.environ,
        "at": change.nanoseconds,
        "seed": f"{change.seed:x}",
    }
    body = change.body
    if len(body) > INLINE_BYTES:
        head["body"] = blobs.add(body)
        body = b""
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + body


def encode_outcome(number: int, outcome: Outcome) -> bytes:
    return json.dumps({"of": number, "status": outcome.status, "digest": outcome.digest}).encode() + b"\n"


def decode(payloads: Iterable[bytes], blobs: BlobFolder) -> tuple[list[Change], dict[int, Outcome]]:
    """The changes in their order, and the outcomes by the number of their change.

    Raises ``JournalError`` for a record that this version does not know, or a body that is gone.
    """
    changes: list[Change] = []
    outcomes: dict[int, Outcome] = {}
    for payload in payloads:
        line, _, body = payload.partition(b"\n")
        try:
            head = json.loads(line)
            if "of" in head:
                outcomes[head["of"]] = Outcome(head["status"], head["digest"])
                continue
            if "body" in head:
                body = blobs.read(head["body"])
            changes.append(
                Change(
                    head["n"],
                    head["service"],
                    head["action"],
                    head["environ"],
                    body,
                    head["at"],
                    int(head["seed"], 16),
                )
            )
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise JournalError(
                f"a record of the journal cannot be used ({error}): restore the state folder from a copy"
            ) from error
    return changes, outcomes
