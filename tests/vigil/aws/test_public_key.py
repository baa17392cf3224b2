"""The public key as a file: what KMS gives, in letters that every library reads."""

from __future__ import annotations

import base64
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from moto_stack import moto_stack

from vigil.audit.signatures import PublicKeys
from vigil.aws.public_key import public_key_pem
from vigil.aws.signing import KmsSigner


def test_a_signature_of_kms_verifies_with_it_by_another_library(monkeypatch):
    with moto_stack(monkeypatch) as stack:
        kms, key = stack.client("kms"), stack.parameters.keys.signing
        pem = public_key_pem(kms, key)
        message = b"what was signed"
        value = KmsSigner(kms, key).sign(sha256(message).digest()).value
    assert load_pem_public_key(pem.encode())
    keys = PublicKeys({key: pem})
    assert keys.verify(key, message, value)
    assert not keys.verify(key, message + b"!", value)
    assert not keys.verify(key, message, base64.b64encode(b"0").decode())
