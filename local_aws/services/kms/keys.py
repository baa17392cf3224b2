"""Which keys may be used, and for what: moto uses disabled keys, keys that wait for deletion, and keys of any usage.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html says which operation each state allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.kms.models import Key, kms_backends

from local_aws.api import ACCOUNT, REGION, ApiError, Context

#: Of a key that was created without one; moto keeps none then.
DEFAULT_USAGE = "ENCRYPT_DECRYPT"


def find(aws: Context, key_id: str) -> Key:
    """The key that an id, an ARN or an alias names."""
    backend = kms_backends[aws.account][aws.region]
    try:
        return backend.describe_key(key_id)
    except KeyError as error:
        raise ApiError("NotFoundException", f"Invalid keyId {key_id}") from error


def usable(aws: Context, key_id: str, usage: str) -> Key:
    """The key, enabled and made for ``usage``."""
    key = find(aws, key_id)
    require_enabled(key)
    found = key.key_usage or DEFAULT_USAGE
    if found != usage:
        raise ApiError("InvalidKeyUsageException", f"{key.arn} key usage is {found}, not {usage}.")
    return key


def require_enabled(key: Key) -> None:
    if key.key_state == "Disabled":
        raise ApiError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        state = "pending deletion" if key.key_state == "PendingDeletion" else key.key_state
        raise ApiError("KMSInvalidStateException", f"{key.arn} is {state}.")


def refusal(key_id: str | None) -> ApiError | None:
    """Why KMS would refuse to use the key for another service; None for a key that it would use or does not know."""
    if not key_id:
        return None
    try:
        require_enabled(kms_backends[ACCOUNT][REGION].describe_key(key_id))
    except ApiError as error:
        return error
    except KeyError:
        return None
    return None


def stop_dry_run(request: Mapping[str, Any]) -> None:
    """After every check: a dry run ends with an error that says that it would have gone well."""
    if request.get("DryRun"):
        raise ApiError(
            "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.", 412
        )
