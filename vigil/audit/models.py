"""Types of the ledger: who did what to which thing, when, from which old to which new value.

21 CFR 11.10(e): secure, computer-generated, time-stamped audit trails; changes do not obscure what was recorded before.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic_core import to_jsonable_python

from vigil.audit.events import EventName
from vigil.digests import Sha256, canonical_json, digest_of
from vigil.moments import Moment

#: What the first record of a chain names as its predecessor.
NO_PREDECESSOR = "0" * 64
#: Events that belong to no model: datasets, people, plans, exports.
STACK_CHAIN = "stack"
#: What lies beside the first record of a chain, as ``genesis``: by it the chain is listed.
GENESIS = "1"
#: DynamoDB takes items of up to 400 KB, names and the few other attributes included.
LARGEST_VALUE_BYTES = 300_000


def _as_json(value: Any) -> Any:
    """The value as it will be read again: what has no JSON form (NaN, half a surrogate pair) is refused at once.

    Otherwise a record in memory would differ from the stored one, or fail in the transaction of a signature.
    """
    text = canonical_json(to_jsonable_python(value))
    if len(text) > LARGEST_VALUE_BYTES:
        raise ValueError(f"too large for the ledger: keep it elsewhere and record its digest ({len(text)} bytes)")
    return json.loads(text)


Json = Annotated[Any, BeforeValidator(_as_json)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Actor(_Frozen):
    """Who acted. ``via`` says how we know: an identity provider, Airflow's login, an AWS principal, a function.

    ``verified``: the name was proven to us; false where a client only says it.
    """

    name: str = Field(min_length=1, max_length=300)
    via: str = Field(min_length=1, max_length=300)
    verified: bool


class Entry(_Frozen):
    """What somebody wants recorded. No secret, no token and no patient-level row may be in it.

    ``key`` makes an append idempotent: of two entries with one chain and key, only the first is recorded.
    """

    chain: str = Field(pattern=r"^[a-z0-9][a-z0-9:_-]{0,127}$")
    event: EventName
    key: str = Field(min_length=1, max_length=512)
    actor: Actor
    subject: str = Field(min_length=1, max_length=1024)
    old: Json = None
    new: Json = None
    details: Annotated[dict[str, Any], BeforeValidator(_as_json)] = Field(default_factory=dict)


class Record(Entry):
    """One link of a chain. ``at`` is the server's time; ``hash`` covers every other field (see ``content``)."""

    format: Literal["vigil.ledger-record/1"] = "vigil.ledger-record/1"
    sequence: int = Field(ge=1)
    at: Moment
    previous_hash: Sha256
    hash: Sha256

    def content(self) -> dict[str, Any]:
        """What is hashed: all fields but the hash itself."""
        return self.model_dump(mode="json", exclude={"hash"})

    @property
    def computed_hash(self) -> str:
        return digest_of(self.content())


class Head(_Frozen):
    """The last record of a chain."""

    chain: str
    sequence: int = Field(ge=0)
    hash: Sha256


class Checkpoint(_Frozen):
    """All heads at one moment, signed, each checkpoint naming the one before. ``number`` counts from 1.

    ``broken``: chains that did not hold then; ``heads`` has the last good head of each, where there was one. The field
    is written only where it names a chain, as checkpoints from before it was there have none.
    ``signature``: base64 of the DER signature by ``signing_key`` over the SHA-256 of the canonical JSON of the rest.
    """

    format: Literal["vigil.ledger-checkpoint/1"] = "vigil.ledger-checkpoint/1"
    number: int = Field(ge=1)
    at: Moment
    heads: list[Head]
    broken: list[str] = []
    previous_digest: Sha256
    signing_key: str
    signature: str

    @model_serializer(mode="wrap")
    def _without_an_empty_list(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        if not self.broken:
            written.pop("broken", None)
        return written

    @property
    def digest(self) -> str:
        """SHA-256 of what is signed."""
        return digest_of(self.model_dump(mode="json", exclude={"signature"}))


def model_chain(run_key: str) -> str:
    """The chain of one candidate model, from its run's start to its retirement; ``run_key`` is ``PinnedRun.key``."""
    return f"model:{run_key}"


def link(entry: Entry, head: Head, at: AwareDatetime) -> Record:
    """The record that follows ``head``."""
    unsealed = Record(
        **entry.model_dump(), sequence=head.sequence + 1, at=at, previous_hash=head.hash, hash=NO_PREDECESSOR
    )
    return unsealed.model_copy(update={"hash": unsealed.computed_hash})


def start_of(chain: str) -> Head:
    """The head of a chain without records."""
    return Head(chain=chain, sequence=0, hash=NO_PREDECESSOR)
