"""21 CFR 11.70: signatures are linked to their records, so that they cannot be excised, copied or otherwise transferred
to falsify a record by ordinary means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from candidate_evidence import passing_evaluation
from dossier_bench import DossierBench

from vigil.approvals.bundle import BundleError, bundle_of, read_bundle
from vigil.approvals.bundle_check import verify_bundle
from vigil.approvals.dossier_build import verifies


@pytest.fixture(scope="module")
def bench() -> DossierBench:
    """Two signed requests: of one model in service, and of a candidate."""
    made = DossierBench.make()
    made.rows["new"] = made.signed_by_all(made.rows["new"])
    return made


def document(bench: DossierBench, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bundle_of(bench.dossier(name), bench.signer.public_key_pem()).to_bytes())
    return found


def refused(changed: dict[str, Any], bench: DossierBench) -> None:
    with pytest.raises(BundleError):
        verify_bundle(read_bundle(json.dumps(changed).encode()), bench.signer.public_key_pem())


@pytest.mark.parametrize("seat", [0, 1])
def test_a_signature_copied_to_another_model_does_not_verify(bench: DossierBench, seat: int) -> None:
    """11.70, copied: the value alone, and with the statement it belongs to."""
    for parts in (["signature"], ["signature", "document"]):
        changed, other = document(bench, "new"), document(bench, "old")
        for part in parts:
            changed["statements"][seat][part] = other["statements"][seat][part]
        refused(changed, bench)


def test_a_row_given_the_signatures_of_another_shows_them_as_false(bench: DossierBench) -> None:
    """11.70, transferred: as somebody with write access to the table could."""
    other = bench.rows["new"].model_copy(update={"signatures": bench.rows["old"].signatures})
    assert not any(verifies(other, each, bench.signer) for each in other.signatures)


@pytest.mark.parametrize("field", ["model_package_arn", "artefact_digest", "dataset_version", "evaluation_digest"])
def test_what_was_signed_cannot_be_exchanged_below_the_signatures(bench: DossierBench, field: str) -> None:
    """11.70, falsified: model, data and metrics are in what is signed."""
    changed = document(bench, "new")
    for each in changed["statements"]:
        each["document"]["facts"][field] = "0" * 64
    refused(changed, bench)


def test_a_signature_cut_out_leaves_no_decision(bench: DossierBench) -> None:
    """11.70, excised."""
    changed = document(bench, "new")
    del changed["statements"][1]
    refused(changed, bench)


def test_a_signature_for_one_run_says_nothing_of_a_second_run_of_the_same_model(bench: DossierBench) -> None:
    """11.70: even where every digest is the same, the wait that was signed for is another."""
    twin = bench.open(passing_evaluation(bench.plan), "run-2")
    assert twin.facts == bench.rows["new"].facts
    moved = twin.model_copy(update={"signatures": bench.rows["new"].signatures, "carried_from": "apr-any"})
    assert not any(verifies(moved, each, bench.signer) for each in moved.signatures)
