"""KMS signs what it says it signs; the proof is made with the public key alone, outside the service."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

pytestmark = pytest.mark.stack

MESSAGE = b"a statement of any length" * 1000
ALGORITHM = "ECDSA_SHA_256"


@pytest.fixture
def kms(local_aws_server: Any) -> Any:
    return local_aws_server.client("kms")


def new_key(kms: Any, spec: str = "ECC_NIST_P256") -> str:
    return str(kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"])


def code_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("spec", "algorithm", "hashed"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_256", hashes.SHA256()),
        ("ECC_NIST_P384", "ECDSA_SHA_384", hashes.SHA384()),
        ("RSA_2048", "RSASSA_PSS_SHA_256", hashes.SHA256()),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", hashes.SHA512()),
    ],
)
def test_signature_of_a_digest_verifies_against_the_message(
    kms: Any, spec: str, algorithm: str, hashed: hashes.HashAlgorithm
) -> None:
    key = new_key(kms, spec)
    digest = hashlib.new(hashed.name, MESSAGE).digest()
    signature = kms.sign(KeyId=key, Message=digest, MessageType="DIGEST", SigningAlgorithm=algorithm)["Signature"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, MESSAGE, ec.ECDSA(hashed))
    elif isinstance(public, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
        public.verify(signature, MESSAGE, pss if "PSS" in algorithm else padding.PKCS1v15(), hashed)
    else:
        pytest.fail(f"unexpected key {public}")
    request = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": algorithm, "Signature": signature}
    assert kms.verify(Message=digest, **request)["SignatureValid"]
    with pytest.raises(ClientError) as raised:
        kms.verify(Message=bytes(len(digest)), **request)
    assert code_of(raised) == "KMSInvalidSignatureException"


def test_raw_and_digest_signatures_are_interchangeable(kms: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html: the message type only says who hashes."""
    key, short = new_key(kms), b"short"
    raw = kms.sign(KeyId=key, Message=short, MessageType="RAW", SigningAlgorithm=ALGORITHM)["Signature"]
    request = {"KeyId": key, "SigningAlgorithm": ALGORITHM, "Signature": raw}
    assert kms.verify(Message=hashlib.sha256(short).digest(), MessageType="DIGEST", **request)["SignatureValid"]
    assert kms.verify(Message=short, **request)["SignatureValid"]
    for wrong in ({"Message": b"other"}, {"Message": short, "Signature": b"none"}):
        with pytest.raises(ClientError) as raised:
            kms.verify(**{**request, **wrong})
        assert code_of(raised) == "KMSInvalidSignatureException"
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey)
    with pytest.raises(InvalidSignature):
        public.verify(raw, b"other", ec.ECDSA(hashes.SHA256()))


def test_raw_message_over_4096_bytes_is_refused(kms: Any) -> None:
    key = new_key(kms)
    kms.sign(KeyId=key, Message=b"x" * 4096, SigningAlgorithm=ALGORITHM)
    with pytest.raises(ClientError, match="less than or equal to 4096") as raised:
        kms.sign(KeyId=key, Message=b"x" * 4097, SigningAlgorithm=ALGORITHM)
    assert code_of(raised) == "ValidationException"


def test_digest_of_the_wrong_length_is_refused(kms: Any) -> None:
    with pytest.raises(ClientError, match="invalid length for algorithm ECDSA_SHA_256"):
        kms.sign(KeyId=new_key(kms), Message=b"x" * 31, MessageType="DIGEST", SigningAlgorithm=ALGORITHM)


def test_alias_names_the_key(kms: Any) -> None:
    key = new_key(kms)
    kms.create_alias(AliasName="alias/signing-test", TargetKeyId=key)
    answer = kms.sign(KeyId="alias/signing-test", Message=bytes(32), MessageType="DIGEST", SigningAlgorithm=ALGORITHM)
    assert answer["KeyId"] == key


@pytest.mark.parametrize("message_type", ["RAW", "DIGEST"])
def test_unusable_keys_are_refused(kms: Any, message_type: str) -> None:
    request = {"Message": bytes(32), "MessageType": message_type, "SigningAlgorithm": ALGORITHM}
    disabled = new_key(kms)
    kms.disable_key(KeyId=disabled.rpartition("/")[2])
    encrypting = kms.create_key()["KeyMetadata"]["Arn"]
    for key, code in (
        (disabled, "DisabledException"),
        (encrypting, "InvalidKeyUsageException"),
        (new_key(kms, "ECC_NIST_P384"), "InvalidKeyUsageException"),
        ("00000000-0000-0000-0000-000000000000", "NotFoundException"),
    ):
        with pytest.raises(ClientError) as raised:
            kms.sign(KeyId=key, **request)
        assert code_of(raised) == code
