"""``GenerateMac`` and ``VerifyMac``: an HMAC of the message by the one algorithm that the key is made for.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html
"""

from __future__ import annotations

import hmac
from typing import Any, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.services.kms import keys

#: The algorithm of each key spec, and Python's name for its hash.
ALGORITHMS = {f"HMAC_{size}": (f"HMAC_SHA_{size}", f"sha{size}") for size in (224, 256, 384, 512)}


class GenerateMacRequest(TypedDict, total=False):
    KeyId: str
    Message: bytes
    MacAlgorithm: str
    DryRun: bool


class VerifyMacRequest(GenerateMacRequest, total=False):
    Mac: bytes


@operation("kms", "GenerateMac")
def generate_mac(aws: Context, request: GenerateMacRequest) -> dict[str, Any]:
    arn, mac = _mac(aws, request)
    keys.stop_dry_run(request)
    return {"KeyId": arn, "Mac": mac, "MacAlgorithm": request["MacAlgorithm"]}


@operation("kms", "VerifyMac")
def verify_mac(aws: Context, request: VerifyMacRequest) -> dict[str, Any]:
    arn, mac = _mac(aws, request)
    keys.stop_dry_run(request)
    if not hmac.compare_digest(mac, request["Mac"]):
        raise ApiError("KMSInvalidMacException", "the MAC does not belong to this message and key")
    return {"KeyId": arn, "MacValid": True, "MacAlgorithm": request["MacAlgorithm"]}


def _mac(aws: Context, request: GenerateMacRequest) -> tuple[str, bytes]:
    key = keys.usable(aws, request["KeyId"], "GENERATE_VERIFY_MAC")
    algorithm, hashed = ALGORITHMS[key.key_spec]
    if request["MacAlgorithm"] != algorithm:
        raise ApiError(
            "InvalidKeyUsageException",
            f"Algorithm {request['MacAlgorithm']} is incompatible with key spec {key.key_spec}.",
        )
    return key.arn, hmac.digest(key.key_material, request["Message"], hashed)
