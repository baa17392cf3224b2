"""KMS: the key behind a name, an alias or a ciphertext, and the encryption context as condition keys.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html,
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from local_aws.access.needs import Need, Parameters, arn
from local_aws.api import ACCOUNT

#: moto's ciphertexts begin with the id of their key.
KEY_ID_BYTES = 36
OF_NO_KEY = frozenset({"CreateKey", "ListKeys", "ListAliases", "GenerateRandom"})


def needs(operation: str, parameters: Parameters) -> list[Need] | None:
    if operation in OF_NO_KEY:
        return [Need(f"kms:{operation}")]
    if operation == "ReEncrypt":
        context = _context({"EncryptionContext": parameters.get("SourceEncryptionContext")})
        to = _context({"EncryptionContext": parameters.get("DestinationEncryptionContext")})
        return [
            Need("kms:ReEncryptFrom", key_arn(_key_of_ciphertext(parameters)), context=context),
            Need("kms:ReEncryptTo", key_arn(str(parameters.get("DestinationKeyId", ""))), context=to),
        ]
    name = parameters.get("KeyId") or parameters.get("TargetKeyId") or _key_of_ciphertext(parameters)
    found = [Need(f"kms:{operation}", key_arn(str(name)), context=_context(parameters))]
    if parameters.get("AliasName"):
        found.append(Need(f"kms:{operation}", arn("kms", str(parameters["AliasName"]))))
    return found


def key_arn(name: str) -> str:
    """The ARN of the key that ``name`` (an id, an ARN, an alias) means; ``*`` for none."""
    if ":key/" in name or not name:
        return name or "*"
    if "alias/" in name:
        return _aliased(name[name.index("alias/") :])
    return arn("kms", f"key/{name}")


def key_policy(key: str) -> str | None:
    """The policy of the key with this ARN."""
    wanted = key.rpartition("/")[2]
    for backend in _backends():
        if wanted in backend.keys:
            return str(backend.keys[wanted].policy)
    return None


def _aliased(alias: str) -> str:
    for backend in _backends():
        found = backend.get_key_id_from_alias(alias)
        if found:
            return arn("kms", f"key/{str(found).rpartition('/')[2]}")
    return arn("kms", alias)


def _key_of_ciphertext(parameters: Parameters) -> str:
    text = parameters.get("CiphertextBlob")
    if not isinstance(text, str):
        return ""
    try:
        return base64.b64decode(text)[:KEY_ID_BYTES].decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _context(parameters: Parameters) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"kms:calleraccount": [ACCOUNT]}
    context = parameters.get("EncryptionContext")
    if isinstance(context, dict) and context:
        found["kms:encryptioncontextkeys"] = [str(key) for key in context]
        found |= {f"kms:encryptioncontext:{key}".lower(): [str(value)] for key, value in context.items()}
    for name in ("SigningAlgorithm", "MessageType", "EncryptionAlgorithm", "KeySpec", "KeyUsage"):
        if isinstance(parameters.get(name), str):
            found[f"kms:{name.lower()}"] = [str(parameters[name])]
    return found


def _backends() -> list[Any]:
    from moto.kms.models import kms_backends

    return [backend for account in list(kms_backends.values()) for backend in list(account.values())]
