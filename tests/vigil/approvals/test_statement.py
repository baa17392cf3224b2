"""What is signed, word for word, and that anybody can check it with another library than the one that signed."""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from vigil.approvals.models import Facts, SignatureFacts
from vigil.approvals.statement import FORMAT, statement
from vigil.digests import canonical_json, sha256_hex


def test_a_statement_holds_the_wait_all_facts_and_everything_the_signer_said_and_is(bench):
    request = bench.approved()
    document = statement(request, request.signatures[1])
    assert document["format"] == FORMAT
    assert (document["execution_arn"], document["state_name"]) == (request.execution_arn, request.state_name)
    assert set(document["facts"]) == set(Facts.model_fields) - {"rollback"}  # said of a roll-back only
    assert set(document["signature"]) == set(SignatureFacts.model_fields)
    assert "token" not in str(document)


def test_11_50_a_signature_holds_printed_name_time_and_meaning(bench):
    signed = statement(*[(row := bench.approved()), row.signatures[1]])["signature"]
    assert (signed["printed_name"], signed["signed_at"], signed["meaning"]) == (
        "Ana", "2026-03-02T09:30:00.000000Z", "approved",
    )  # fmt: skip


def test_each_signer_signs_a_statement_of_their_own(bench):
    first, second = bench.approved().signatures
    assert first.statement_digest != second.statement_digest
    assert first.signature != second.signature


def test_the_signature_is_over_the_sha256_of_the_canonical_json(bench):
    """As any library verifies it: the document itself, ECDSA with SHA-256."""
    request = bench.approved()
    for record in request.signatures:
        content = canonical_json(statement(request, record))
        assert sha256_hex(content) == record.statement_digest
        bench.signer._private.public_key().verify(
            base64.b64decode(record.signature), content, ec.ECDSA(hashes.SHA256())
        )
