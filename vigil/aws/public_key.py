"""The public half of a KMS key. It is no secret; who verifies should know it from more than one place."""

from __future__ import annotations

import base64
import textwrap
from typing import Any

LINE = 64  # letters of base64 in a line of PEM (RFC 7468)


def public_key_pem(client: Any, key: str) -> str:
    """KMS gives SubjectPublicKeyInfo as DER (GetPublicKey); PEM is the same in letters."""
    der = client.get_public_key(KeyId=key)["PublicKey"]
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), LINE))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
