"""Checkpoints by themselves: altered, missing, forged, out of order; and what verification says was last good."""

from __future__ import annotations

import base64
import json

import pytest
from ledger_fakes import LocalSigner, MemoryLedger, entry

from vigil.audit.checkpoint_chain import Known
from vigil.audit.findings import Finding, Kind
from vigil.audit.models import Checkpoint, Head
from vigil.audit.ports import StoredText
from vigil.audit.signatures import PublicKeyError, PublicKeys
from vigil.audit.verify import ExitCode, Report, verify_ledger
from vigil.digests import canonical_json


@pytest.fixture
def ledger() -> MemoryLedger:
    """Four checkpoints over two chains."""
    made = MemoryLedger()
    for number in range(4):
        made.append(entry(number))
        made.append(entry(number, "stack"))
        assert made.seal() is not None
    return made


def verify(ledger: MemoryLedger, known: Known | None = None) -> Report:
    return verify_ledger(ledger, PublicKeys({ledger.signer.key: ledger.signer.public_pem}), known=known)


def the_finding(ledger: MemoryLedger) -> Finding:
    report = verify(ledger)
    (finding,) = report.findings
    assert report.exit_code is ExitCode.CHECKPOINTS
    return finding


def checkpoint(ledger: MemoryLedger, number: int) -> Checkpoint:
    return Checkpoint.model_validate_json(ledger.sealed[number - 1].text)


def put(ledger: MemoryLedger, number: int, changed: Checkpoint, signer: LocalSigner | None = None) -> None:
    if signer is not None:
        changed = changed.model_copy(update={"signing_key": signer.key})
        changed = changed.model_copy(update={"signature": signer.sign(bytes.fromhex(changed.digest)).value})
    text = canonical_json(changed.model_dump(mode="json")).decode()
    ledger.sealed[number - 1] = StoredText(text, number)


def test_whole_checkpoints_hold(ledger: MemoryLedger) -> None:
    report = verify(ledger)
    assert (report.findings, report.checkpoints, report.last_good) == ([], 4, 4)
    assert report.newest_checkpoint == checkpoint(ledger, 4)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_any_one_byte_flipped_is_altered_and_the_one_before_is_the_last_good(ledger: MemoryLedger, number: int) -> None:
    raw = ledger.sealed[number - 1].text.encode()
    for position in range(0, len(raw), 29):
        flipped = bytearray(raw)
        flipped[position] ^= 1
        ledger.sealed[number - 1] = StoredText(bytes(flipped).decode(errors="replace"), number)
        found = the_finding(ledger)
        assert found.kind in (Kind.CHECKPOINT_ALTERED, Kind.CHECKPOINT_FORGED)
        assert (found.checkpoint, verify(ledger).last_good) == (number, number - 1)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_one_is_named(ledger: MemoryLedger, number: int) -> None:
    del ledger.sealed[number - 1]
    found = the_finding(ledger)
    assert (found.kind, found.checkpoint, verify(ledger).last_good) == (Kind.CHECKPOINT_MISSING, number, number - 1)


def test_one_that_another_key_signed_is_forged(ledger: MemoryLedger) -> None:
    put(ledger, 4, checkpoint(ledger, 4), LocalSigner("arn:aws:kms:us-east-1:123456789012:key/mine"))
    assert (the_finding(ledger).kind, the_finding(ledger).checkpoint) == (Kind.CHECKPOINT_FORGED, 4)


def test_one_that_another_key_signed_in_the_name_of_the_right_one_does_not_verify(ledger: MemoryLedger) -> None:
    put(ledger, 4, checkpoint(ledger, 4), LocalSigner())
    assert (the_finding(ledger).kind, the_finding(ledger).checkpoint) == (Kind.CHECKPOINT_ALTERED, 4)


def test_a_signature_of_another_checkpoint_does_not_verify(ledger: MemoryLedger) -> None:
    copied = checkpoint(ledger, 4).model_copy(update={"signature": checkpoint(ledger, 3).signature})
    put(ledger, 4, copied)
    assert the_finding(ledger).kind is Kind.CHECKPOINT_ALTERED


@pytest.mark.parametrize(
    "signature", ["", "AAAA", "no base64", base64.b64encode(b"\x30\x06\x02\x01\x00\x02\x01\x00").decode()]
)
def test_what_is_no_signature_does_not_verify(ledger: MemoryLedger, signature: str) -> None:
    put(ledger, 2, checkpoint(ledger, 2).model_copy(update={"signature": signature}))
    assert the_finding(ledger).kind is Kind.CHECKPOINT_ALTERED


def test_two_swapped_are_named(ledger: MemoryLedger) -> None:
    first, second = ledger.sealed[1], ledger.sealed[2]
    ledger.sealed[1], ledger.sealed[2] = StoredText(second.text, 2), StoredText(first.text, 3)
    assert the_finding(ledger).checkpoint == 2


def test_one_that_follows_another_history_is_unlinked_although_it_is_signed(ledger: MemoryLedger) -> None:
    put(ledger, 3, checkpoint(ledger, 3).model_copy(update={"previous_digest": "ab" * 32}), ledger.signer)
    assert (the_finding(ledger).kind, the_finding(ledger).checkpoint) == (Kind.CHECKPOINT_UNLINKED, 3)


@pytest.mark.parametrize("heads", [[], [Head(chain="model:run-1", sequence=1, hash="ab" * 32)]])
def test_one_that_goes_back_behind_the_one_before_contradicts_it(ledger: MemoryLedger, heads: list[Head]) -> None:
    put(ledger, 4, checkpoint(ledger, 4).model_copy(update={"heads": heads}), ledger.signer)
    report = verify(ledger)
    assert report.findings[0].kind is Kind.CHECKPOINT_UNLINKED
    assert report.last_good == 3


def test_checkpoints_that_end_early_are_seen_by_who_wrote_one_down(ledger: MemoryLedger) -> None:
    known = Known(4, checkpoint(ledger, 4).digest)
    assert verify(ledger, known).findings == []
    del ledger.sealed[3:]
    assert verify(ledger).findings == []
    (found,) = verify(ledger, known).findings
    assert (found.kind, found.checkpoint) == (Kind.CHECKPOINT_MISSING, 4)


def test_checkpoints_made_anew_with_the_stolen_key_are_seen_by_who_wrote_one_down(ledger: MemoryLedger) -> None:
    known = Known(4, checkpoint(ledger, 4).digest)
    ledger.rewrite_from("stack", 2, subject="never happened")
    ledger.sealed.clear()
    ledger.seal()
    for number in range(4, 8):
        ledger.append(entry(number))
        ledger.seal()
    assert verify(ledger).findings == []
    (found,) = verify(ledger, known).findings
    assert (found.kind, found.checkpoint) == (Kind.CHECKPOINT_ALTERED, 4)


def test_a_broken_record_moves_the_last_good_checkpoint_before_it(ledger: MemoryLedger) -> None:
    document = json.loads(ledger.text("stack", 3)) | {"subject": "x"}
    ledger.replace("stack", 3, canonical_json(document).decode())
    report = verify(ledger)
    assert (report.exit_code, report.last_good) == (ExitCode.RECORDS, 2)


def test_keys_that_prove_nothing_are_refused() -> None:
    for keys in ({}, {"k": "no key"}, {"k": b""}):
        with pytest.raises(PublicKeyError):
            PublicKeys(keys)
    signer = LocalSigner()
    keys = PublicKeys({signer.key: signer.public_pem})
    assert PublicKeys(keys.pem()).fingerprints() == keys.fingerprints()
