"""The public key as a file: what KMS gives, in letters that every library reads."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from moto_stack import moto_stack

from vigil.audit.signatures import PublicKeys
from vigil.aws.public_key import public_key_pem
from vigil.aws.signing import KmsSigner


def test_a_signature_of_kms_verifies_with_it_by_another_library(monkeypatch):
    with moto_stack(monkeypatch) as stack:
        kms, key = stack.client("kms"), stack.parameters.keys.signing
        pem = public_key_pem(kms, key)
        digest = sha256(b"what was signed").digest()
        value = KmsSigner(kms, key).sign(digest).value
        der = kms.get_public_key(KeyId=key)["PublicKey"]
    loaded = load_pem_public_key(pem.encode())
    assert loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == der
    keys = PublicKeys({key: pem})
    assert keys.verify(key, digest, value)  # moto takes a digest for a message; local_aws and AWS do not
    assert not keys.verify(key, digest + b"!", value)
