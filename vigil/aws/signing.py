"""Signing and verifying with the stack's KMS key (ECC_NIST_P256). The private key never leaves KMS."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from vigil.approvals.models import Signature

ALGORITHM = "ECDSA_SHA_256"


class KmsSigner:
    """``Signer`` on KMS: always ``MessageType=DIGEST``, because RAW messages are limited to 4,096 bytes."""

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key

    @property
    def key(self) -> str:
        return self._key

    def sign(self, digest: bytes) -> Signature:
        answer = self._client.sign(KeyId=self._key, Message=digest, MessageType="DIGEST", SigningAlgorithm=ALGORITHM)
        return Signature(value=base64.b64encode(answer["Signature"]).decode(), key=self._key)

    def verify(self, digest: bytes, signature: Signature) -> bool:
        try:
            value = base64.b64decode(signature.value, validate=True)
        except binascii.Error:
            return False
        if not value:
            return False
        try:
            answer = self._client.verify(
                KeyId=self._key,
                Message=digest,
                MessageType="DIGEST",
                Signature=value,
                SigningAlgorithm=ALGORITHM,
            )
        except self._client.exceptions.KMSInvalidSignatureException:
            return False
        return bool(answer["SignatureValid"])
