"""``GetPublicKey``: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html."""

from __future__ import annotations

from typing import Any, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.services.kms import keys


class GetPublicKeyRequest(TypedDict):
    KeyId: str


@operation("kms", "GetPublicKey")
def get_public_key(aws: Context, request: GetPublicKeyRequest) -> dict[str, Any]:
    key = keys.find(aws, request["KeyId"])
    keys.require_enabled(key)
    if not key.key_spec.startswith(("RSA", "ECC")):
        raise ApiError("UnsupportedOperationException", f"{key.arn} is a symmetric key: it has no public key.")
    answer = {
        "KeyId": key.arn,
        "PublicKey": key.private_key.public_key(),
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "KeyUsage": key.key_usage,
        "EncryptionAlgorithms": key.encryption_algorithms,
        "SigningAlgorithms": key.signing_algorithms,
    }
    return {name: value for name, value in answer.items() if value is not None}
