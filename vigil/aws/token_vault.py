"""Task tokens, encrypted with KMS. The encryption context binds a ciphertext to its request: no other can use it."""

from __future__ import annotations

import base64
from typing import Any


class KmsTokenVault:
    """``TokenVault`` on a symmetric KMS key. A task token has at most 2,048 characters, KMS takes 4,096 bytes."""

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key

    def seal(self, request_id: str, token: str) -> str:
        answer = self._client.encrypt(KeyId=self._key, Plaintext=token.encode(), EncryptionContext=_context(request_id))
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def unseal(self, request_id: str, ciphertext: str) -> str:
        answer = self._client.decrypt(
            KeyId=self._key,
            CiphertextBlob=base64.b64decode(ciphertext),
            EncryptionContext=_context(request_id),
        )
        return bytes(answer["Plaintext"]).decode()


def _context(request_id: str) -> dict[str, str]:
    return {"request_id": request_id}
