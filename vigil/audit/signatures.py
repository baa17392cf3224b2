"""Signatures of checkpoints, checked with PyCryptodome: another library than the one behind the signer.

Two implementations that agree are worth more than one that agrees with itself. Only tools of auditors import this;
the functions do not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping

from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS

CURVE = "NIST P-256"


class PublicKeyError(Exception):
    """A public key cannot be used; the message says what to do."""


ANY = "*"


class PublicKeys:
    """The keys that are trusted, by their name (the ARN of the KMS key). PEM or DER, ECDSA on P-256.

    A key whose name begins with ``ANY`` is trusted whatever its signatures call it: somebody handed over the key
    itself, or several where one took another's place.
    """

    def __init__(self, keys: Mapping[str, str | bytes]) -> None:
        self._keys = {name: _imported(name, key) for name, key in keys.items()}
        if not self._keys:
            raise PublicKeyError("no public key is given: nothing could be verified")

    def __contains__(self, name: str) -> bool:
        return bool(self._of(name))

    def verify(self, name: str, message: bytes, signature: str) -> bool:
        """Whether the key of this name made the signature (base64 of DER) over the SHA-256 of ``message``."""
        try:
            value = base64.b64decode(signature, validate=True)
        except (ValueError, binascii.Error):
            return False
        return any(_made(key, message, value) for key in self._of(name))

    def _of(self, name: str) -> list[ECC.EccKey]:
        if name in self._keys:
            return [self._keys[name]]
        return [key for known, key in self._keys.items() if known.startswith(ANY)]

    def pem(self) -> dict[str, str]:
        return {name: str(key.export_key(format="PEM")) for name, key in self._keys.items()}

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of the DER form: what two people compare by telephone."""
        return {name: hashlib.sha256(key.export_key(format="DER")).hexdigest() for name, key in self._keys.items()}


def _made(key: ECC.EccKey, message: bytes, signature: bytes) -> bool:
    try:
        DSS.new(key, "fips-186-3", encoding="der").verify(SHA256.new(message), signature)
    except ValueError:
        return False
    return True


def _imported(name: str, key: str | bytes) -> ECC.EccKey:
    try:
        imported = ECC.import_key(key)
    except (ValueError, IndexError, TypeError) as error:
        raise PublicKeyError(f"the public key of {name} cannot be read: give PEM or DER as KMS gives it") from error
    if imported.has_private():
        raise PublicKeyError(f"the key of {name} is a private key: give the public one")
    if imported.curve != CURVE:
        raise PublicKeyError(f"the public key of {name} is on {imported.curve}, not on {CURVE}")
    return imported
