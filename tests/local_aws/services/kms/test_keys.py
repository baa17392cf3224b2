"""No key does what its state or its usage forbids, and each algorithm is what its name says.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def kms(local_aws_server: Any) -> Any:
    return local_aws_server.client("kms")


def new_key(kms: Any, spec: str, usage: str) -> str:
    return str(kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"])


@pytest.fixture(scope="module")
def uses(kms: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every cryptographic operation with a key of its own for it, and a request that works."""
    made: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, spec, usage, request in [
        ("encrypt", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", {"Plaintext": b"x"}),
        ("decrypt", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", {}),
        ("re_encrypt", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", {}),
        ("generate_data_key", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", {"KeySpec": "AES_256"}),
        ("generate_data_key_without_plaintext", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", {"KeySpec": "AES_256"}),
        ("sign", "ECC_NIST_P256", "SIGN_VERIFY", {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}),
        ("verify", "ECC_NIST_P256", "SIGN_VERIFY", {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}),
        ("get_public_key", "ECC_NIST_P256", "SIGN_VERIFY", {}),
        ("generate_mac", "HMAC_256", "GENERATE_VERIFY_MAC", {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}),
        ("verify_mac", "HMAC_256", "GENERATE_VERIFY_MAC", {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}),
    ]:
        key = new_key(kms, spec, usage)
        request = dict(request, KeyId=key)
        if name in ("decrypt", "re_encrypt"):
            request = {"CiphertextBlob": kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]}
        if name == "re_encrypt":
            request["DestinationKeyId"] = new_key(kms, spec, usage)
        if name == "verify":
            request["Signature"] = kms.sign(**request)["Signature"]
        if name == "verify_mac":
            request["Mac"] = kms.generate_mac(**request)["Mac"]
        made[name] = key, request
    return made


def code(kms: Any, name: str, **request: Any) -> str:
    with pytest.raises(ClientError) as raised:
        getattr(kms, name)(**request)
    return str(raised.value.response["Error"]["Code"])


OPERATIONS = ("encrypt", "decrypt", "re_encrypt", "generate_data_key", "generate_data_key_without_plaintext", "sign")
OPERATIONS += ("verify", "get_public_key", "generate_mac", "verify_mac")


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_key_works_until_it_is_disabled_or_waits_for_deletion(
    kms: Any, uses: dict[str, tuple[str, dict[str, Any]]], name: str
) -> None:
    key, request = uses[name]
    getattr(kms, name)(**request)
    if name != "get_public_key":
        assert code(kms, name, **request, DryRun=True) == "DryRunOperationException"
    kms.disable_key(KeyId=key)
    assert code(kms, name, **request) == "DisabledException"
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert code(kms, name, **request) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    getattr(kms, name)(**request)


def test_a_key_made_without_a_usage_encrypts(kms: Any) -> None:
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})["Plaintext"] == b"x"
    assert code(kms, "decrypt", CiphertextBlob=sealed) == "InvalidCiphertextException"


def test_a_destination_that_is_disabled_takes_nothing(kms: Any) -> None:
    source, target = (new_key(kms, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT") for _ in range(2))
    sealed = kms.encrypt(KeyId=source, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=target)
    assert code(kms, "re_encrypt", CiphertextBlob=sealed, DestinationKeyId=target) == "DisabledException"


def test_a_key_does_only_what_it_is_made_for(kms: Any) -> None:
    cipher, signer = new_key(kms, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), new_key(kms, "ECC_NIST_P256", "SIGN_VERIFY")
    mac = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    assert code(kms, "encrypt", KeyId=signer, Plaintext=b"x") == "InvalidKeyUsageException"
    assert code(kms, "generate_mac", KeyId=cipher, **mac) == "InvalidKeyUsageException"
    assert code(kms, "get_public_key", KeyId=cipher) == "UnsupportedOperationException"
    longer = new_key(kms, "HMAC_512", "GENERATE_VERIFY_MAC")
    assert code(kms, "generate_mac", KeyId=longer, **mac) == "InvalidKeyUsageException"


def test_a_mac_belongs_to_its_message_and_key(kms: Any) -> None:
    key, other = (new_key(kms, "HMAC_384", "GENERATE_VERIFY_MAC") for _ in range(2))
    request = {"Message": b"message", "MacAlgorithm": "HMAC_SHA_384"}
    mac = kms.generate_mac(KeyId=key, **request)["Mac"]
    assert len(mac) == 48
    assert kms.verify_mac(KeyId=key, Mac=mac, **request)["MacValid"] is True
    assert code(kms, "verify_mac", KeyId=other, Mac=mac, **request) == "KMSInvalidMacException"
    assert code(kms, "verify_mac", KeyId=key, Mac=mac, **{**request, "Message": b"x"}) == "KMSInvalidMacException"


def test_what_the_public_key_encrypted_outside_is_decrypted(kms: Any) -> None:
    key, algorithm = new_key(kms, "RSA_2048", "ENCRYPT_DECRYPT"), "RSAES_OAEP_SHA_256"
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    for sealed in (
        public.encrypt(b"secret", oaep),
        kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionAlgorithm=algorithm)["CiphertextBlob"],
    ):
        request = {"KeyId": key, "CiphertextBlob": sealed, "EncryptionAlgorithm": algorithm}
        assert kms.decrypt(**request)["Plaintext"] == b"secret"
    assert code(kms, "decrypt", **{**request, "CiphertextBlob": bytes(256)}) == "InvalidCiphertextException"
    assert code(kms, "encrypt", KeyId=key, Plaintext=b"x") == "InvalidKeyUsageException"


def test_another_key_than_the_one_that_sealed_is_incorrect(kms: Any) -> None:
    key, other = (new_key(kms, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT") for _ in range(2))
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert code(kms, "decrypt", KeyId=other, CiphertextBlob=sealed) == "IncorrectKeyException"
    assert code(kms, "decrypt", CiphertextBlob=b"no ciphertext") == "InvalidCiphertextException"
