"""Data is out of reach as long as its KMS key is disabled, whichever service keeps it.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/unusable-kms-keys.html, errors of botocore's models
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack
Clients = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(local_aws_server: Any) -> Clients:
    made: dict[str, Any] = {}
    return lambda name: made.setdefault(name, local_aws_server.client(name))


@pytest.fixture
def key(client: Clients) -> str:
    return str(client("kms").create_key()["KeyMetadata"]["KeyId"])


@contextmanager
def disabled(client: Clients, key: str) -> Iterator[None]:
    client("kms").disable_key(KeyId=key)
    yield
    client("kms").enable_key(KeyId=key)


def code(call: Callable[..., Any], **request: Any) -> tuple[str, int]:
    try:
        call(**request)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200


DONE = ("", 200)


def test_objects_under_a_disabled_key(client: Clients, key: str) -> None:
    s3, refused = client("s3"), ("KMS.DisabledException", 400)
    for bucket in ("keys-named", "keys-default"):
        s3.create_bucket(Bucket=bucket)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="keys-default", ServerSideEncryptionConfiguration={"Rules": [rule]})
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket="keys-named", Key="sealed", Body=b"x", **sealed)
    s3.put_object(Bucket="keys-default", Key="sealed", Body=b"x")
    s3.put_object(Bucket="keys-named", Key="plain", Body=b"x")
    upload = s3.create_multipart_upload(Bucket="keys-default", Key="parts")["UploadId"]
    part = {"Bucket": "keys-default", "Key": "parts", "UploadId": upload, "PartNumber": 1, "Body": b"x"}
    with disabled(client, key):
        for bucket in ("keys-named", "keys-default"):
            assert code(s3.get_object, Bucket=bucket, Key="sealed") == refused
        assert code(s3.put_object, Bucket="keys-named", Key="new", Body=b"x", **sealed) == refused
        assert code(s3.put_object, Bucket="keys-default", Key="new", Body=b"x") == refused
        assert code(s3.copy_object, Bucket="keys-named", Key="new", CopySource="keys-named/sealed") == refused
        assert code(s3.copy_object, Bucket="keys-default", Key="new", CopySource="keys-named/plain") == refused
        assert code(s3.create_multipart_upload, Bucket="keys-named", Key="new", **sealed) == refused
        assert code(s3.upload_part, **part) == refused
        assert code(s3.get_object, Bucket="keys-named", Key="plain") == DONE
        aes = {"Body": b"x", "ServerSideEncryption": "AES256"}
        assert code(s3.put_object, Bucket="keys-default", Key="plain", **aes) == DONE
    assert code(s3.get_object, Bucket="keys-named", Key="sealed") == DONE
    assert code(s3.upload_part, **part) == DONE
    client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert code(s3.get_object, Bucket="keys-named", Key="sealed") == ("KMS.KMSInvalidStateException", 400)


def test_secure_strings_under_a_disabled_key(client: Clients, key: str) -> None:
    ssm, refused = client("ssm"), ("InvalidKeyId", 400)
    ssm.put_parameter(Name="/keys/s", Value="PLAINTEXT", Type="SecureString", KeyId=key)
    with disabled(client, key):
        assert code(ssm.get_parameter, Name="/keys/s", WithDecryption=True) == refused
        assert code(ssm.get_parameters, Names=["/keys/s"], WithDecryption=True) == refused
        assert code(ssm.get_parameters_by_path, Path="/keys", WithDecryption=True) == refused
        assert code(ssm.get_parameter_history, Name="/keys/s", WithDecryption=True) == refused
        assert code(ssm.put_parameter, Name="/keys/s", Value="2", Overwrite=True, Type="SecureString") == refused
        assert code(ssm.put_parameter, Name="/keys/t", Value="2", Type="SecureString", KeyId=key) == refused
        assert code(ssm.get_parameter, Name="/keys/s") == DONE
    assert ssm.get_parameter(Name="/keys/s", WithDecryption=True)["Parameter"]["Value"] == "PLAINTEXT"


@pytest.mark.parametrize("own", [True, False], ids=["own key", "key of AWS"])
def test_a_secure_string_shows_its_ciphertext_only(client: Clients, key: str, own: bool) -> None:
    ssm, name = client("ssm"), f"/sealed/{own}"
    ssm.put_parameter(Name=name, Value="PLAINTEXT", Type="SecureString", **({"KeyId": key} if own else {}))
    found = [
        ssm.get_parameter(Name=name)["Parameter"],
        ssm.get_parameters(Names=[name])["Parameters"][0],
        ssm.get_parameters_by_path(Path="/sealed")["Parameters"][-1 if own else 0],
        ssm.get_parameter_history(Name=name)["Parameters"][0],
    ]
    values = {each["Value"] for each in found if each["Name"] == name}
    assert len(values) == 1
    sealed = base64.b64decode(values.pop())
    assert b"PLAINTEXT" not in sealed
    if own:
        context = {"PARAMETER_ARN": found[0]["ARN"]}
        opened = client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext=context)
        assert opened["Plaintext"] == b"PLAINTEXT"


def test_secrets_under_a_disabled_key(client: Clients, key: str) -> None:
    manager, encryption = client("secretsmanager"), ("EncryptionFailure", 400)
    arn = manager.create_secret(Name="keys-secret", SecretString="s", KmsKeyId=key)["ARN"]
    with disabled(client, key):
        for name in ("keys-secret", arn):
            assert code(manager.get_secret_value, SecretId=name) == ("DecryptionFailure", 400)
            assert code(manager.put_secret_value, SecretId=name, SecretString="t") == encryption
        batch = manager.batch_get_secret_value(SecretIdList=["keys-secret"])
        assert [each["ErrorCode"] for each in batch["Errors"]] == ["DecryptionFailure"]
        assert batch["SecretValues"] == []
        assert code(manager.create_secret, Name="keys-new", SecretString="s", KmsKeyId=key) == encryption
    assert manager.get_secret_value(SecretId="keys-secret")["SecretString"] == "s"


def test_messages_under_a_disabled_key(client: Clients, key: str) -> None:
    queue = client("sqs").create_queue(QueueName="keys", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    topic = client("sns").create_topic(Name="keys", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    with disabled(client, key):
        assert code(client("sqs").send_message, QueueUrl=queue, MessageBody="x")[0].endswith("KmsDisabled")
        assert code(client("sqs").receive_message, QueueUrl=queue)[0].endswith("KmsDisabled")
        assert code(client("sns").publish, TopicArn=topic, Message="x")[0] == "KMSDisabled"
    client("sqs").send_message(QueueUrl=queue, MessageBody="x")
