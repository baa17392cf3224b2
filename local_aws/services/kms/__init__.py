"""KMS's cryptographic operations, as AWS allows and refuses them. Keys, aliases, grants and policies are moto's."""

from local_aws.services.kms import ciphers, macs, public_keys, signatures

__all__ = ["ciphers", "macs", "public_keys", "signatures"]
