"""Task tokens, encrypted with KMS. The encryption context binds a ciphertext to its request: no other can use it."""

from __future__ import annotations

import base64
from typing import Any


class KmsTokenVault:
    """``TokenVault`` on a symmetric KMS key. A task token has at most 2,048 characters, KMS takes 4,096 bytes.

    ``bound_to``: the name in the encryption context, by which policies tell one kind of wait from another.
    """

    def __init__(self, client: Any, key: str, bound_to: str = "request_id") -> None:
        self._client = client
        self._key = key
        self._bound_to = bound_to

    def seal(self, request_id: str, token: str) -> str:
        context = {self._bound_to: request_id}
        answer = self._client.encrypt(KeyId=self._key, Plaintext=token.encode(), EncryptionContext=context)
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def unseal(self, request_id: str, ciphertext: str) -> str:
        answer = self._client.decrypt(
            KeyId=self._key,
            CiphertextBlob=base64.b64decode(ciphertext),
            EncryptionContext={self._bound_to: request_id},
        )
        return bytes(answer["Plaintext"]).decode()
