"""``Encrypt``, ``Decrypt``, ``ReEncrypt`` and data keys: symmetric ones are moto's once the key was found usable.

RSA keys encrypt by OAEP, as https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html says, so that what
was encrypted with the public key outside can be decrypted here; moto would use AES.
"""

from __future__ import annotations

from typing import Any, TypedDict

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from moto.kms.models import Key
from moto.kms.utils import KEY_ID_LEN

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services.kms import keys

USAGE = "ENCRYPT_DECRYPT"
SYMMETRIC = "SYMMETRIC_DEFAULT"
OAEP_HASHES: dict[str, hashes.HashAlgorithm] = {
    "RSAES_OAEP_SHA_1": hashes.SHA1(),  # noqa: S303 - AWS offers it
    "RSAES_OAEP_SHA_256": hashes.SHA256(),
}


class EncryptRequest(TypedDict, total=False):
    KeyId: str
    Plaintext: bytes
    EncryptionAlgorithm: str
    DryRun: bool


class DecryptRequest(TypedDict, total=False):
    KeyId: str
    CiphertextBlob: bytes
    EncryptionAlgorithm: str
    DryRun: bool


class ReEncryptRequest(TypedDict, total=False):
    CiphertextBlob: bytes
    SourceKeyId: str
    DestinationKeyId: str
    SourceEncryptionAlgorithm: str
    DestinationEncryptionAlgorithm: str
    DryRun: bool


class DataKeyRequest(TypedDict, total=False):
    KeyId: str
    DryRun: bool


@operation("kms", "Encrypt")
def encrypt(aws: Context, request: EncryptRequest) -> dict[str, Any]:
    key, algorithm = _key(aws, request["KeyId"], request.get("EncryptionAlgorithm", SYMMETRIC))
    keys.stop_dry_run(request)
    if algorithm == SYMMETRIC:
        raise NotOursError
    try:
        sealed = _private(key).public_key().encrypt(request["Plaintext"], _oaep(algorithm))
    except ValueError as error:
        raise ApiError(
            "ValidationException", f"Algorithm {algorithm} and key spec cannot encrypt so much data"
        ) from error
    return {"KeyId": key.arn, "CiphertextBlob": sealed, "EncryptionAlgorithm": algorithm}


@operation("kms", "Decrypt")
def decrypt(aws: Context, request: DecryptRequest) -> dict[str, Any]:
    algorithm = request.get("EncryptionAlgorithm", SYMMETRIC)
    key = _source(aws, request["CiphertextBlob"], request.get("KeyId"), algorithm)
    keys.stop_dry_run(request)
    if algorithm == SYMMETRIC:
        raise NotOursError
    try:
        plain = _private(key).decrypt(request["CiphertextBlob"], _oaep(algorithm))
    except ValueError as error:
        raise ApiError(
            "InvalidCiphertextException", "the ciphertext does not belong to this key and algorithm"
        ) from error
    return {"KeyId": key.arn, "Plaintext": plain, "EncryptionAlgorithm": algorithm}


@operation("kms", "ReEncrypt")
def re_encrypt(aws: Context, request: ReEncryptRequest) -> dict[str, Any]:
    source = request.get("SourceEncryptionAlgorithm", SYMMETRIC)
    target = request.get("DestinationEncryptionAlgorithm", SYMMETRIC)
    if (source, target) != (SYMMETRIC, SYMMETRIC):
        raise ApiError("UnsupportedOperationException", "local_aws re-encrypts between symmetric keys only")
    _source(aws, request["CiphertextBlob"], request.get("SourceKeyId"), source)
    _key(aws, request["DestinationKeyId"], target)
    keys.stop_dry_run(request)
    raise NotOursError


@operation("kms", "GenerateDataKey")
def generate_data_key(aws: Context, request: DataKeyRequest) -> dict[str, Any]:
    key = keys.usable(aws, request["KeyId"], USAGE)
    if key.key_spec != SYMMETRIC:
        raise ApiError("InvalidKeyUsageException", f"{key.arn} is no symmetric key: it makes no data keys.")
    keys.stop_dry_run(request)
    raise NotOursError


@operation("kms", "GenerateDataKeyWithoutPlaintext")
def generate_data_key_without_plaintext(aws: Context, request: DataKeyRequest) -> dict[str, Any]:
    return generate_data_key(aws, request)


def _key(aws: Context, key_id: str, algorithm: str) -> tuple[Key, str]:
    key = keys.usable(aws, key_id, USAGE)
    if algorithm not in (key.encryption_algorithms or ()):
        raise ApiError(
            "InvalidKeyUsageException", f"Algorithm {algorithm} is incompatible with key spec {key.key_spec}."
        )
    return key, algorithm


def _source(aws: Context, sealed: bytes, key_id: str | None, algorithm: str) -> Key:
    """The key that sealed something: named in what moto sealed, by the caller for RSA."""
    if algorithm != SYMMETRIC:
        if key_id is None:
            raise ApiError("ValidationException", "KeyId is required to decrypt with an asymmetric key")
        return _key(aws, key_id, algorithm)[0]
    try:
        inside = keys.find(aws, sealed[:KEY_ID_LEN].decode("ascii"))
    except (UnicodeDecodeError, ApiError) as error:
        raise NotOursError from error  # moto says what is wrong with it
    if key_id is not None and keys.find(aws, key_id) is not inside:
        raise ApiError(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )
    return _key(aws, inside.id, algorithm)[0]


def _private(key: Key) -> Any:
    return key.private_key.private_key  # type: ignore[attr-defined]


def _oaep(algorithm: str) -> padding.OAEP:
    hashed = OAEP_HASHES[algorithm]
    return padding.OAEP(mgf=padding.MGF1(hashed), algorithm=hashed, label=None)
