"""KMS ``Sign`` and ``Verify``.

moto hashes a message again under ``MessageType=DIGEST``, so its signatures do not verify against the message, and it
signs with disabled keys. Here the digest itself is signed, as AWS documents
(https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html). The 4,096-byte limit of raw messages is in the
service model and is enforced with it.
"""

from __future__ import annotations

from typing import Any, TypedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms.models import Key

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services.kms import keys

HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


class SignRequest(TypedDict, total=False):
    KeyId: str
    Message: bytes
    MessageType: str
    SigningAlgorithm: str
    DryRun: bool


class VerifyRequest(SignRequest, total=False):
    Signature: bytes


@operation("kms", "Sign")
def sign(aws: Context, request: SignRequest) -> dict[str, Any]:
    """Sign a digest; raw messages go to moto once the key was found usable."""
    key, algorithm = _usable_key(aws, request)
    if request.get("MessageType", "RAW") != "DIGEST":
        raise NotOursError
    digest, hashed = request["Message"], _prehashed(request)
    private = key.private_key.private_key  # type: ignore[attr-defined]
    if isinstance(private, ec.EllipticCurvePrivateKey):
        signature = private.sign(digest, ec.ECDSA(hashed))
    else:
        signature = private.sign(digest, _padding(algorithm, hashed.digest_size), hashed)
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": algorithm}


@operation("kms", "Verify")
def verify(aws: Context, request: VerifyRequest) -> dict[str, Any]:
    """Verify a signature over a message or its digest; ``KMSInvalidSignatureException`` when it does not fit.

    moto would answer ``SignatureValid`` false, which AWS never does
    (https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html).
    """
    key, algorithm = _usable_key(aws, request)
    digest = request["Message"]
    if request.get("MessageType", "RAW") == "RAW":
        hashing = hashes.Hash(HASHES[algorithm.rpartition("_")[2]])
        hashing.update(digest)
        request["Message"] = digest = hashing.finalize()
    hashed = _prehashed(request)
    public = key.private_key.private_key.public_key()  # type: ignore[attr-defined]
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(request["Signature"], digest, _padding(algorithm, padding.PSS.AUTO), hashed)
        else:
            public.verify(request["Signature"], digest, ec.ECDSA(hashed))
    except InvalidSignature as error:
        raise ApiError(
            "KMSInvalidSignatureException", "the signature does not belong to this message and key"
        ) from error
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


def _usable_key(aws: Context, request: SignRequest) -> tuple[Key, str]:
    """The key, and the algorithm that the request asks for; refuses what AWS refuses."""
    key = keys.usable(aws, request["KeyId"], "SIGN_VERIFY")
    algorithm = request["SigningAlgorithm"]
    if algorithm not in key.signing_algorithms:
        raise ApiError(
            "InvalidKeyUsageException", f"Algorithm {algorithm} is incompatible with key spec {key.key_spec}."
        )
    if request.get("MessageType", "RAW") == "DIGEST":
        _prehashed(request)
    keys.stop_dry_run(request)
    return key, algorithm


def _prehashed(request: SignRequest) -> Prehashed:
    hashed = HASHES[request["SigningAlgorithm"].rpartition("_")[2]]
    if len(request["Message"]) != hashed.digest_size:
        raise ApiError("ValidationException", f"Digest is invalid length for algorithm {request['SigningAlgorithm']}.")
    return Prehashed(hashed)


def _padding(algorithm: str, salt_length: Any) -> padding.AsymmetricPadding:
    """AWS salts PSS signatures with as many bytes as the digest has."""
    if "_PSS_" not in algorithm:
        return padding.PKCS1v15()
    return padding.PSS(mgf=padding.MGF1(HASHES[algorithm.rpartition("_")[2]]), salt_length=salt_length)
