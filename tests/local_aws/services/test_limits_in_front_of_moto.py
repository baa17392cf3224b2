"""What moto takes and AWS does not: wrong checksums, too large batches, numbers and items; and FIFO duplicates.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.services.s3_checksums import dechunked

BODY = b"content"


def text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def code(call: Callable[..., Any], **request: Any) -> str:
    try:
        call(**request)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return str(error.response["Error"]["Code"])
    return ""


def sums(body: bytes) -> dict[str, str]:
    return {
        "ContentMD5": text(hashlib.md5(body, usedforsecurity=False).digest()),
        "ChecksumSHA256": text(hashlib.sha256(body).digest()),
        "ChecksumSHA1": text(hashlib.sha1(body, usedforsecurity=False).digest()),
        "ChecksumCRC32": text(zlib.crc32(body).to_bytes(4, "big")),
    }


@pytest.mark.stack
@pytest.mark.parametrize("name", ["ContentMD5", "ChecksumSHA256", "ChecksumSHA1", "ChecksumCRC32"])
def test_a_wrong_checksum_is_refused(local_aws_server: Any, name: str) -> None:
    s3, target = local_aws_server.client("s3"), {"Bucket": "sums", "Key": name}
    s3.create_bucket(Bucket="sums")
    upload = s3.create_multipart_upload(**target)["UploadId"]
    for call, more in ((s3.put_object, {}), (s3.upload_part, {"UploadId": upload, "PartNumber": 1})):
        request = {**target, **more, "Body": BODY}
        assert code(call, **request, **{name: sums(b"other")[name]}) == "BadDigest"
        invalid = "InvalidDigest" if name == "ContentMD5" else "InvalidRequest"
        assert code(call, **request, **{name: text(b"x")}) == invalid
        assert code(call, **request, **{name: sums(BODY)[name]}) == ""
    assert s3.get_object(**target)["Body"].read() == BODY


def test_a_chunked_body_gives_content_and_trailers() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html"""
    body = b"3;chunk-signature=0\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    assert dechunked(body) == (b"abcde", {"x-amz-checksum-crc32": "AAAAAA=="})


@pytest.fixture(scope="module")
def dynamodb(local_aws_server: Any) -> Any:
    client = local_aws_server.client("dynamodb")
    client.create_table(
        TableName="limits",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def put(dynamodb: Any, value: dict[str, Any]) -> str:
    return code(dynamodb.put_item, TableName="limits", Item={"id": {"S": "1"}, "v": value})


@pytest.mark.stack
def test_batches_have_a_largest_number_of_items(dynamodb: Any) -> None:
    items = [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(26)]
    assert code(dynamodb.batch_write_item, RequestItems={"limits": items}) == "ValidationException"
    assert code(dynamodb.batch_write_item, RequestItems={"limits": items[:25]}) == ""
    keys = [{"id": {"S": str(number)}} for number in range(101)]
    assert code(dynamodb.batch_get_item, RequestItems={"limits": {"Keys": keys}}) == "ValidationException"
    assert code(dynamodb.batch_get_item, RequestItems={"limits": {"Keys": keys[:100]}}) == ""


@pytest.mark.stack
def test_numbers_and_items_have_a_largest_size(dynamodb: Any) -> None:
    refused = "ValidationException"
    assert [put(dynamodb, {"N": number}) for number in ("9" * 38, "-0." + "9" * 38, "1" + "0" * 60)] == ["", "", ""]
    assert [put(dynamodb, {"N": number}) for number in ("9" * 39, "1E126", "1E-131")] == [refused] * 3
    assert put(dynamodb, {"M": {"deep": {"L": [{"NS": ["9" * 39]}]}}}) == refused
    values = {":v": {"N": "9" * 39}}
    update = {"TableName": "limits", "Key": {"id": {"S": "1"}}, "UpdateExpression": "SET n = :v"}
    assert code(dynamodb.update_item, **update, ExpressionAttributeValues=values) == refused
    assert put(dynamodb, {"S": "x" * 400_000}) == ""
    large = {"S": "x" * (400 * 1024)}
    assert put(dynamodb, large) == refused
    item = {"id": {"S": "2"}, "v": large}
    batch = {"limits": [{"PutRequest": {"Item": item}}]}
    assert code(dynamodb.batch_write_item, RequestItems=batch) == refused
    assert (
        code(dynamodb.transact_write_items, TransactItems=[{"Put": {"TableName": "limits", "Item": item}}]) == refused
    )


@pytest.mark.stack
@pytest.mark.parametrize("by_content", ["true", "false"])
def test_a_duplicate_is_answered_like_the_first(local_aws_server: Any, by_content: str) -> None:
    sqs = local_aws_server.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": by_content}
    url = sqs.create_queue(QueueName=f"twice-{by_content}.fifo", Attributes=attributes)["QueueUrl"]
    request = {"QueueUrl": url, "MessageGroupId": "g", "MessageBody": "a"}
    if by_content == "false":
        request["MessageDeduplicationId"] = "a"
    told = ("MessageId", "SequenceNumber")
    first, second = (sqs.send_message(**request) for _ in range(2))
    assert [first[name] for name in told] == [second[name] for name in told]
    [message] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sqs.send_message(**request)["MessageId"] == first["MessageId"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    other = {**request, "MessageBody": "b"} | ({"MessageDeduplicationId": "b"} if by_content == "false" else {})
    assert int(sqs.send_message(**other)["SequenceNumber"]) > int(first["SequenceNumber"])
