"""Secure strings and secrets are read only as long as their KMS key may be used, and never by chance.

Without ``WithDecryption`` a SecureString's value is its ciphertext; with a key that is disabled or waits for deletion
SSM answers InvalidKeyId (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html) and
Secrets Manager DecryptionFailure
(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from moto.kms.models import kms_backends
from moto.kms.utils import IV_LEN, TAG_LEN, Ciphertext, _serialize_ciphertext_blob, _serialize_encryption_context
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend

from local_aws.api import ACCOUNT, REGION
from local_aws.moto_ssm import Parameter, SSMException
from local_aws.seams import around
from local_aws.services.kms import keys

#: Seals what is encrypted with AWS's own key, which nobody can use outside SSM anyway.
OF_AWS = secrets.token_bytes(32)
NOT_DECRYPTED = "Secrets Manager can't decrypt the protected secret text using the provided KMS key."


class DecryptionFailureError(InvalidRequestException):
    """One of those that ``BatchGetSecretValue`` lists instead of failing."""

    def __init__(self) -> None:
        super(InvalidRequestException, self).__init__("DecryptionFailure", NOT_DECRYPTED)


@around(Parameter, "response_object")
def response_object(
    original: Callable[..., dict[str, Any]], parameter: Parameter, decrypt: bool = False, region: str | None = None
) -> dict[str, Any]:
    told = original(parameter, decrypt, region)
    if parameter.parameter_type != "SecureString":
        return told
    if not decrypt:
        told["Value"] = _sealed(parameter)
        return told
    error = keys.refusal(parameter.keyid)
    if error is not None:
        raise SSMException("InvalidKeyId", f"{error.message} (Service: AWSKMS; Error Code: {error.code})")
    return told


@around(SecretsManagerBackend, "get_secret_value")
def get_secret_value(
    original: Callable[..., dict[str, Any]], backend: SecretsManagerBackend, secret_id: str, *args: Any, **named: Any
) -> dict[str, Any]:
    found = original(backend, secret_id, *args, **named)
    if keys.refusal(getattr(backend.secrets[secret_id], "kms_key_id", None)) is not None:
        raise DecryptionFailureError
    return found


def _sealed(parameter: Parameter) -> str:
    """The ciphertext, the same each time; ``kms:Decrypt`` opens it if the key is the caller's."""
    plain = (parameter.decrypt(parameter.value) or "").encode()
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{parameter.name.removeprefix('/')}"
    context = _serialize_encryption_context({"PARAMETER_ARN": arn})
    try:
        key = kms_backends[ACCOUNT][REGION].describe_key(parameter.keyid or "")
        material, key_id = key.key_material, key.id
    except KeyError:
        material, key_id = OF_AWS, "0" * 36
    # A nonce from what is sealed: never the same for two texts.
    nonce = hmac.new(material, context + bytes([0]) + plain, hashlib.sha256).digest()[:IV_LEN]
    sealed = AESGCM(material).encrypt(nonce, plain, context)
    blob = Ciphertext(key_id, nonce, sealed[:-TAG_LEN], sealed[-TAG_LEN:])
    return base64.b64encode(_serialize_ciphertext_blob(blob)).decode()
