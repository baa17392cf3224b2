"""What becomes of a signer between the sign-in and the moment at which the signature would be stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from approval_bench import Bench, on_tables
from moto_stack import moto_stack

from vigil.approvals.errors import LockedOutError, NotEntitledError, RevokedError, TrainingExpiredError
from vigil.approvals.models import Meaning, Signature
from vigil.audit.events import EventName


@pytest.fixture(params=["memory", "tables"])
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench.make()
    if request.param == "memory":
        yield made
    else:
        with moto_stack(monkeypatch) as stack:
            yield on_tables(made, stack.client("dynamodb"), stack.parameters.tables)


class MeanwhileSigner:
    """The key; while it signs the first time, the signer's record is changed."""

    def __init__(self, bench: Bench, **changes: object) -> None:
        self._bench, self._signer, self._changes = bench, bench.signer, changes
        self.key, self.verify = bench.signer.key, bench.signer.verify
        self.used = 0

    def sign(self, digest: bytes) -> Signature:
        self.used += 1
        if self.used == 1:
            person = self._bench.people.get("ana")
            assert person is not None
            assert self._bench.people.replace(person.model_copy(update=self._changes))
        return self._signer.sign(digest)


@pytest.mark.parametrize(
    ("error", "became"),
    [
        (RevokedError, lambda now: {"revoked_at": now}),
        (LockedOutError, lambda now: {"locked_until": now + timedelta(minutes=1), "failures": 5}),
        (NotEntitledError, lambda _: {"roles": {}}),
        (TrainingExpiredError, lambda now: {"roles": {"model-owner": now - timedelta(days=4000)}}),
    ],
)
def test_who_loses_the_right_after_signing_in_signs_nothing(bench, error, became):
    request = bench.open()
    challenge = bench.show(request, Meaning.APPROVED)
    bench.signer = MeanwhileSigner(bench, **became(bench.clock()))
    with pytest.raises(error):
        bench.answer(challenge, "ana")
    assert bench.stored(request) == request
    kept = [record for chain in bench.ledger.chains() for record in bench.ledger.read(chain)]
    assert (kept[-1].event, kept[-1].details["error"]) == (EventName.SIGNATURE_REFUSED, error.__name__)


def test_who_keeps_the_right_signs_though_the_record_changed(bench):
    """A wrong password by somebody else, a role more: asked again, with what the record says now."""
    request = bench.open()
    challenge = bench.show(request, Meaning.APPROVED)
    bench.signer = MeanwhileSigner(bench, failures=1)
    bench.answer(challenge, "ana")
    assert bench.signer.used == 2
    assert [record.signer for record in bench.stored(request).signatures] == ["ana"]
