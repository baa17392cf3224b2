"""A signature bundle proves by itself who signed what; whatever is changed in it, it proves nothing."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from candidate_evidence import passing_evaluation
from dossier_bench import DossierBench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigil.approvals.bundle import Bundle, BundleError, UndecidedError, bundle_of, read_bundle, read_statement
from vigil.approvals.bundle_check import Verified, verify_bundle
from vigil.approvals.dossier import Dossier
from vigil.approvals.models import ApprovalRequest, Meaning, Status
from vigil.approvals.timing import CLOCK_SKEW, FRESHNESS


def pem_of(bench: DossierBench) -> str:
    return bench.signer.public_key_pem()


def bundle_for(bench: DossierBench, request_id: str = "new") -> Bundle:
    return bundle_of(bench.dossier(request_id), pem_of(bench))


@pytest.fixture(scope="module")
def bench() -> DossierBench:
    made = DossierBench.make()
    made.rows["new"] = made.signed_by_all(made.rows["new"])
    return made


@pytest.fixture
def document(bench) -> dict[str, Any]:
    """The bundle as JSON, to be tampered with."""
    return json.loads(bundle_for(bench).to_bytes())


def check(document: dict[str, Any], bench: DossierBench) -> Verified:
    return verify_bundle(read_bundle(json.dumps(document).encode()), pem_of(bench))


def test_it_names_who_signed_when_and_what_it_meant(bench, document):
    found = check(document, bench)
    assert (found.outcome, found.facts) == (Status.APPROVED, bench.rows["new"].facts)
    assert [(each.printed_name, each.meaning) for each in found.signatures] == [
        ("Quinn", Meaning.REVIEWED), ("Ana", Meaning.APPROVED),
    ]  # fmt: skip
    assert found.digests == [each.statement_digest for each in bench.rows["new"].signatures]


def test_saving_and_reading_changes_no_byte(bench):
    content = bundle_for(bench).to_bytes()
    assert read_bundle(content).to_bytes() == content
    assert b"ciphertext" not in content


FIELDS = [
    *(f"statements.0.document.facts.{name}" for name in (
        "artefact_digest", "dataset_version", "evaluation_digest", "plan_digest", "model_package_arn", "image",
        "artefact_uri", "evaluation_uri", "code_revision", "requested_by", "plan_changed_by", "verdict.outcome",
        "verdict.criteria.0.measured",
    )),
    *(f"statements.1.document.signature.{name}" for name in (
        "comment", "printed_name", "signer", "subject", "role", "meaning", "issuer", "request_id", "challenge_id",
        "signed_at", "authenticated_at", "shown_at", "expires_at", "entered_at", "signing_key",
    )),
    "statements.0.document.execution_arn", "statements.0.document.state_name", "statements.0.document.format",
    "statements.0.signature", "statements.1.signature", "plan.version", "plan.intended_use.not_for",
    "plan.modification_protocol.approval.signatures.0.role", "request_id", "status", "entered_at", "signing_key",
    "public_key", "format",
]  # fmt: skip


@pytest.mark.parametrize("path", FIELDS)
@pytest.mark.parametrize("place", [0, 1])
def test_one_byte_flipped_anywhere_is_seen(bench, document, path, place):
    *parents, last = path.split(".")
    holder: Any = document
    for name in parents:
        holder = holder[int(name)] if isinstance(holder, list) else holder[name]
    text = holder[last]
    if path == "public_key":
        text = text.strip()
        place = 0.5
    if not text:
        holder[last] = "x"
    else:
        at = min(int(place * len(text)), len(text) - 1)
        holder[last] = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
    with pytest.raises(BundleError):
        check(document, bench)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_no_flipped_bit_of_the_file_leaves_another_bundle_that_verifies(bench, data):
    content = bytearray(bundle_for(bench).to_bytes())
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    try:
        found = verify_bundle(read_bundle(bytes(content)), pem_of(bench))
    except BundleError:
        return
    assert found == verify_bundle(bundle_for(bench), pem_of(bench))  # white space, or the text round the key


def test_a_signature_from_another_bundle_does_not_fit(bench, document):
    other = json.loads(bundle_for(bench, "old").to_bytes())
    for part in ("signature", "document"):
        tampered = copy.deepcopy(document)
        tampered["statements"][1][part] = other["statements"][1][part]
        with pytest.raises(BundleError):
            check(tampered, bench)
    whole = copy.deepcopy(document)
    whole["statements"][1] = other["statements"][1]
    with pytest.raises(BundleError, match="signed something else"):
        check(whole, bench)
    whole["statements"] = other["statements"]
    with pytest.raises(BundleError, match="not for request"):
        check(whole, bench)


def test_the_same_signature_twice_fills_no_second_seat(bench, document):
    document["statements"] = [document["statements"][1]] * 2
    with pytest.raises(BundleError, match="signed twice"):
        check(document, bench)


def test_a_missing_signature_is_told_apart_from_a_wrong_one(bench, document):
    del document["statements"][0]
    with pytest.raises(BundleError, match="do not meet the plan"):  # it says APPROVED
        check(document, bench)
    with pytest.raises(UndecidedError, match="missing: reviewed by quality-assurance"):
        check(document | {"status": "PENDING"}, bench)
    document["statements"] = []
    with pytest.raises(BundleError):
        check(document, bench)


def test_a_decision_cannot_be_shown_as_pending_or_as_its_opposite(bench, document):
    for status in ("PENDING", "REJECTED"):
        with pytest.raises(BundleError):
            check(document | {"status": status}, bench)
    assert check(document | {"status": "DECIDED_NOT_APPLIED"}, bench).outcome is Status.APPROVED


def test_a_rejection_by_one_person_is_a_decision():
    bench = DossierBench.make()
    bench.rows["new"] = bench.signed(bench.rows["new"], "ana", "model-owner", Meaning.REJECTED, comment="drifted")
    bench.rows["new"] = bench.rows["new"].model_copy(update={"status": Status.REJECTED})
    assert verify_bundle(bundle_for(bench), pem_of(bench)).outcome is Status.REJECTED


def test_a_bundle_of_another_key_is_refused_even_if_it_verifies_by_its_own(bench):
    forger = DossierBench.make()
    forger.rows["new"] = forger.signed_by_all(forger.rows["new"])
    forged = bundle_for(forger)
    assert verify_bundle(forged, pem_of(forger)).outcome is Status.APPROVED
    with pytest.raises(BundleError, match="another key than the one you trust"):
        verify_bundle(forged, pem_of(bench))
    with pytest.raises(BundleError):
        verify_bundle(forged.model_copy(update={"public_key": pem_of(bench)}), pem_of(bench))


def test_the_plan_must_be_the_one_that_was_signed_for(bench, document):
    document["plan"]["modification_protocol"]["approval"]["signatures"].pop(0)
    del document["statements"][0]
    with pytest.raises(BundleError, match="not the one that was signed for"):
        check(document, bench)


@pytest.mark.parametrize("status", [Status.APPROVED, Status.DECIDED_NOT_APPLIED])
def test_signers_who_may_not_decide_are_seen_although_the_key_signed(status):
    """As if the function that signs had been fooled: the rules are applied anew."""
    bench = DossierBench.make()
    request = bench.open(passing_evaluation(bench.plan))
    for who, role, meaning in (("ana", "quality-assurance", "reviewed"), ("ana", "model-owner", "approved")):
        request = bench.signed(request, who, role, Meaning(meaning))
    bench.rows["new"] = request.model_copy(update={"status": status})
    with pytest.raises(BundleError, match="signed twice"):
        verify_bundle(bundle_for(bench), pem_of(bench))


def test_a_signature_after_the_request_had_expired_counts_for_nothing():
    bench = DossierBench.make()
    request = bench.rows["new"]
    bench.rows["new"] = bench.signed(request, "ana", "model-owner", Meaning.REJECTED, signed_at=request.expires_at)
    with pytest.raises(BundleError, match="was not open"):
        verify_bundle(bundle_for(bench), pem_of(bench))


@pytest.mark.parametrize("since", [FRESHNESS * 1.01, -CLOCK_SKEW * 1.01])
def test_a_sign_in_that_was_not_for_the_signature_counts_for_nothing(since):
    """As if the function that signs had been fooled: what it signed says when its signer signed in."""
    bench = DossierBench.make()
    request = bench.rows["new"]
    at = request.entered_at + FRESHNESS * 2
    times = {"signed_at": at, "shown_at": at - FRESHNESS * 1.01, "authenticated_at": at - since}
    bench.rows["new"] = bench.signed(request, "ana", "model-owner", Meaning.REJECTED, **times)
    with pytest.raises(BundleError, match="not fresh"):
        verify_bundle(bundle_for(bench), pem_of(bench))


def test_signatures_carried_to_a_redriven_wait_verify_and_others_do_not(bench, document):
    carrying = bench.rows["new"]
    redriven = bench.open(passing_evaluation(bench.plan), attempt=1).model_copy(
        update={"signatures": carrying.signatures, "status": Status.APPROVED, "carried_from": carrying.request_id}
    )
    bench.rows["redriven"] = redriven
    bundle = bundle_for(bench, "redriven")
    assert verify_bundle(bundle, pem_of(bench)).outcome is Status.APPROVED
    with pytest.raises(BundleError, match="is for request"):
        verify_bundle(bundle.model_copy(update={"carried_from": None}), pem_of(bench))


def test_a_key_given_twice_is_refused(bench):
    content = bundle_for(bench).to_bytes().replace(b'"status":', b'"status":"REJECTED","status":')
    with pytest.raises(BundleError):
        read_bundle(content)


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[]", b"null", b"[" * 100_000, b'{"format": NaN}'])
def test_what_is_no_bundle_is_told_plainly(content):
    with pytest.raises(BundleError, match="no signature bundle"):
        read_bundle(content)


def test_no_signature_no_bundle():
    bench = DossierBench.make()
    with pytest.raises(UndecidedError, match="nobody has signed"):
        bundle_for(bench)


def test_one_signature_has_one_spelling(bench, document):
    """Of 70 bytes base64 leaves four bits of the last letter unused, of 71 two: other letters decode to the same."""
    value = base64.b64encode(base64.b64decode(document["statements"][0]["signature"])[:70]).decode()
    assert value.endswith("==")
    other = value[:-3] + chr(ord(value[-3]) + 1) + "=="
    assert base64.b64decode(other) == base64.b64decode(value)
    document["statements"][0]["signature"] = other
    with pytest.raises(BundleError, match="not written as base64"):
        check(document, bench)


def test_a_statement_is_shown_only_if_it_reads_back_as_it_was_written(document):
    statement = document["statements"][0]["document"]
    assert read_statement(statement).signature.printed_name == "Quinn"
    statement["signature"]["signed_at"] = "2026-03-02T10:31:00.000000+01:00"  # the same moment, written otherwise
    with pytest.raises(BundleError, match="not written as statements are"):
        read_statement(statement)


def test_whose_signers_all_have_a_stake_it_proves_no_decision(bench):
    request = bench.rows["new"]
    for who, seat in zip(("quinn", "ana"), bench.plan.protocol.approval.signatures, strict=True):
        unsigned = request if who == "ana" else request.model_copy(update={"signatures": []})
        request = bench.signed(unsigned, who, seat.role, Meaning(seat.meaning), has_stake=True)
    bundle = bundle_of(replace_request(bench, request), pem_of(bench))
    with pytest.raises(BundleError, match="four eyes"):
        verify_bundle(bundle, pem_of(bench))
    document = json.loads(bundle.to_bytes())
    document["statements"][1]["document"]["signature"]["has_stake"] = False
    with pytest.raises(BundleError, match="does not verify"):
        check(document, bench)


def replace_request(bench: DossierBench, request: ApprovalRequest) -> Dossier:
    changed = copy.copy(bench)
    changed.rows = {**bench.rows, "new": request}
    return changed.dossier("new")
