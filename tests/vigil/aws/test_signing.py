import hashlib

from approval_fakes import FakeSigner

from vigil.approvals.models import Signature
from vigil.aws.signing import KmsSigner
from vigil.aws.token_vault import KmsTokenVault

DIGEST = hashlib.sha256(b"a statement").digest()


def test_a_signature_verifies_only_for_its_digest(stack):
    signer = KmsSigner(stack.client("kms"), stack.parameters.keys.signing)
    signature = signer.sign(DIGEST)
    assert signer.verify(DIGEST, signature)
    assert not signer.verify(hashlib.sha256(b"another").digest(), signature)


def test_what_is_no_signature_of_this_key_does_not_verify(stack):
    signer = KmsSigner(stack.client("kms"), stack.parameters.keys.signing)
    foreign = FakeSigner().sign(DIGEST)
    for value in (foreign.value, "", "not base64!", "AAAA"):
        assert not signer.verify(DIGEST, Signature(value=value, key=signer.key))


def test_it_signs_digests_so_that_a_long_statement_fits(stack):
    """RAW messages are limited to 4,096 bytes: what KMS is asked for must be DIGEST."""
    asked = []
    client = stack.client("kms")
    client.meta.events.register("before-parameter-build.kms.*", lambda params, **_: asked.append(dict(params)))
    signer = KmsSigner(client, stack.parameters.keys.signing)
    signer.verify(DIGEST, signer.sign(DIGEST))
    assert [each["MessageType"] for each in asked] == ["DIGEST", "DIGEST"]
    assert {each["SigningAlgorithm"] for each in asked} == {"ECDSA_SHA_256"}


def test_a_token_is_sealed_to_its_request(stack):
    client = stack.client("kms")
    vault = KmsTokenVault(client, stack.parameters.keys.data)
    sealed = vault.seal("apr-1", "the token")
    assert "the token" not in sealed
    assert vault.unseal("apr-1", sealed) == "the token"
    try:
        stolen = vault.unseal("apr-2", sealed)
    except client.exceptions.InvalidCiphertextException:
        stolen = None
    assert stolen is None


def test_the_longest_token_that_step_functions_makes_fits(stack):
    vault = KmsTokenVault(stack.client("kms"), stack.parameters.keys.data)
    assert vault.unseal("apr-1", vault.seal("apr-1", "t" * 2048)) == "t" * 2048
