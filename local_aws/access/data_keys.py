"""The guard that stops calls on data whose KMS key is disabled or waits for its deletion; moto encrypts nothing.

https://docs.aws.amazon.com/kms/latest/developerguide/unusable-kms-keys.html. Asked in front of moto: a change that
was acknowledged must be repeated after a restart, whatever has become of its key since. What SSM and Secrets Manager
read is decided in ``services.secure_values``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from local_aws.access.encrypted_needs import default_of, each, of_queue, of_topic
from local_aws.api import ACCOUNT, REGION, ApiError
from local_aws.calls.incoming import IncomingCall
from local_aws.moto_ssm import ssm_backends
from local_aws.protocol import Response
from local_aws.services.kms import keys

SERVICES = frozenset({"s3", "sqs", "sns", "ssm", "secretsmanager"})
READS_OBJECT = frozenset({"GetObject", "CopyObject", "UploadPartCopy"})
BEGINS_OBJECT = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
OF_UPLOAD = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"})
OF_QUEUE = frozenset({"SendMessage", "SendMessageBatch", "ReceiveMessage"})
OF_TOPIC = frozenset({"Publish", "PublishBatch"})
OF_SECRET = frozenset({"CreateSecret", "PutSecretValue", "UpdateSecret"})
#: What SQS and SNS call KMS's errors; S3 puts KMS's name in front.
NAMES = {
    ("sqs", "DisabledException"): "KmsDisabled",
    ("sqs", "KMSInvalidStateException"): "KmsInvalidState",
    ("sns", "DisabledException"): "KMSDisabled",
    ("sns", "KMSInvalidStateException"): "KMSInvalidState",
}
NOT_ENCRYPTED = (
    "Secrets Manager can't encrypt the protected secret text using the provided KMS key. "
    "Check that the KMS key is available, enabled, and not in an invalid state."
)


class DataKeys:
    def before(self, call: IncomingCall) -> Response | None:
        if call.service in SERVICES:
            for key in _keys(call.service, call.name, call):
                error = keys.refusal(key)
                if error is not None:
                    raise _as_told_by(call.service, error)
        return None

    def after(self, call: IncomingCall, response: Response) -> Response:
        return response


def _as_told_by(service: str, error: ApiError) -> ApiError:
    if service == "s3":
        return ApiError(f"KMS.{error.code}", error.message)
    if service == "ssm":
        return ApiError("InvalidKeyId", f"{error.message} (Service: AWSKMS; Error Code: {error.code})")
    if service == "secretsmanager":
        return ApiError("EncryptionFailure", NOT_ENCRYPTED)
    return ApiError(NAMES[service, error.code], error.message)


def _keys(service: str, name: str, call: IncomingCall) -> Iterator[str | None]:
    if service == "s3" and name in READS_OBJECT | BEGINS_OBJECT | OF_UPLOAD:
        yield from _of_objects(name, call.parameters)
    elif service == "sqs" and name in OF_QUEUE:
        yield of_queue(str(call.parameters.get("QueueUrl", "")).rpartition("/")[2])
    elif service == "sns" and name in OF_TOPIC:
        yield of_topic(str(call.parameters.get("TopicArn", "")))
    elif service == "ssm" and name == "PutParameter":
        yield _of_parameter(call.parameters)
    elif service == "secretsmanager" and name in OF_SECRET:
        yield _of_secret(call.parameters)


def _of_objects(name: str, parameters: Any) -> Iterator[str | None]:
    bucket, key = str(parameters.get("Bucket", "")), str(parameters.get("Key", ""))
    if name == "GetObject":
        yield _of_stored(bucket, key, parameters.get("VersionId"))
    if name in READS_OBJECT and parameters.get("CopySource"):
        place, _, version = str(parameters["CopySource"]).partition("?versionId=")
        source, _, name_of_source = unquote(place).lstrip("/").partition("/")
        yield _of_stored(source, name_of_source, version or None)
    if name in BEGINS_OBJECT:
        algorithm = str(parameters.get("ServerSideEncryption") or "aws:kms")
        default = default_of(_bucket(bucket).encryption) if _bucket(bucket) else None
        yield parameters.get("SSEKMSKeyId") or (default if algorithm.startswith("aws:kms") else None)
    if name in OF_UPLOAD and _bucket(bucket):
        upload = _bucket(bucket).multiparts.get(parameters.get("UploadId"))
        if upload is not None:
            encrypts = str(upload.sse_encryption or "aws:kms").startswith("aws:kms")
            yield upload.kms_key_id or (default_of(_bucket(bucket).encryption) if encrypts else None)


def _of_stored(bucket: str, key: str, version: str | None) -> str | None:
    found = _bucket(bucket)
    versions = found.keys.getlist(key, []) if found else []
    wanted = [each for each in versions if version is None or each.version_id == version]
    stored = wanted[-1] if wanted else None
    if stored is None or not str(stored.encryption or "").startswith("aws:kms"):
        return None
    return str(stored.kms_key_id) if stored.kms_key_id else None


def _bucket(name: str) -> Any:
    return next((backend.buckets[name] for backend in each(s3_backends) if name in backend.buckets), None)


def _of_parameter(parameters: Any) -> str | None:
    versions = ssm_backends[ACCOUNT][REGION]._parameters.get(parameters.get("Name"), [])
    previous = versions[-1] if versions else None
    kind = parameters.get("Type") or getattr(previous, "parameter_type", None)
    return (parameters.get("KeyId") or getattr(previous, "keyid", None)) if kind == "SecureString" else None


def _of_secret(parameters: Any) -> str | None:
    if "SecretString" not in parameters and "SecretBinary" not in parameters:
        return None  # UpdateSecret may give it another key
    secrets = secretsmanager_backends[ACCOUNT][REGION].secrets
    named = parameters.get("SecretId")
    stored = secrets[named] if named and named in secrets else None
    return parameters.get("KmsKeyId") or getattr(stored, "kms_key_id", None)
