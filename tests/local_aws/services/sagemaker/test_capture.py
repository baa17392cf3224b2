"""Captured records: on disk before the answer, in S3 exactly once, whatever ends in between.

Forms: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from local_server import LocalServer, eventually

from local_aws.api import Context
from local_aws.services.sagemaker import capture, capture_journal
from local_aws.services.sagemaker.capture import CaptureWriter
from local_aws.services.sagemaker.capture_events import Invocation, Payload, event
from local_aws.services.sagemaker.capture_journal import Segment, Target

CONFIG: Any = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/capture",
    "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
}


def invocation(number: int, **more: Any) -> Invocation:
    return Invocation(
        endpoint="e",
        variant="v",
        request=Payload("application/json", b"%d" % number),
        response=Payload("application/json", b"{}"),
        moment=datetime(2026, 3, 4, 5, 6, 7, 8000, tzinfo=UTC),
        **more,
    )


class Bucket:
    """S3 as the writer uses it; ``broken`` refuses every write."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.options: list[dict[str, Any]] = []
        self.writes = 0
        self.broken = False

    def put_object(self, **request: Any) -> None:
        if self.broken:
            raise ClientError({"Error": {"Code": "NoSuchBucket"}}, "PutObject")
        self.writes += 1
        self.options.append({key: value for key, value in request.items() if key not in ("Bucket", "Key", "Body")})
        self.objects[request["Key"]] = request["Body"]

    def head_object(self, **request: Any) -> None:
        if request["Key"] not in self.objects:
            missing: Any = {"Error": {}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(missing, "HeadObject")

    def numbers(self) -> list[int]:
        lines = io.BytesIO(b"".join(self.objects.values()))
        return [int(json.loads(line)["captureData"]["endpointInput"]["data"]) for line in lines]


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def start(context: Context, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], CaptureWriter]]:
    """Writers on one folder: the next one is what a new server makes of what the one before has left."""
    monkeypatch.setattr(capture, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(capture, "GATHER_SECONDS", 0.05)
    writers: list[CaptureWriter] = []

    def make() -> CaptureWriter:
        writers.append(CaptureWriter(replace(context, client=lambda service: bucket)))
        return writers[-1]

    yield make
    bucket.broken = False
    for writer in writers:
        writer.close()


def test_a_record_is_on_disk_when_it_is_recorded(context: Context, start: Any, bucket: Bucket) -> None:
    bucket.broken = True
    start().record(invocation(7), CONFIG)
    files = list((context.state_dir / "capture").iterdir())
    assert any(b'"data":"7"' in file.read_bytes() for file in files)


def test_what_one_server_left_the_next_one_uploads_once(start: Any, bucket: Bucket) -> None:
    bucket.broken = True
    first = start()
    for number in range(5):
        first.record(invocation(number), CONFIG)
    first.close()
    bucket.broken = False
    second = start()
    second.resume()
    eventually(lambda: sorted(bucket.numbers()) == list(range(5)))
    second.close()
    third = start()
    third.resume()
    third.close()
    assert sorted(bucket.numbers()) == list(range(5))


def test_an_object_that_the_store_lost_is_written_again(context: Context, start: Any, bucket: Bucket) -> None:
    start().record(invocation(1), CONFIG)
    uploaded = eventually(lambda: list((context.state_dir / "capture").glob("*.uploaded")))
    assert (bucket.writes, len(uploaded)) == (1, 1)
    start().resume()
    bucket.objects.clear()
    start().resume()
    eventually(lambda: bucket.numbers() == [1])


def test_a_bucket_that_comes_back_gets_everything_in_order(start: Any, bucket: Bucket) -> None:
    bucket.broken = True
    writer = start()
    for number in range(450):
        writer.record(invocation(number), CONFIG)
    bucket.broken = False
    eventually(lambda: bucket.numbers() == list(range(450)))
    assert len(bucket.objects) == 3


def test_records_are_encrypted_with_the_key_of_the_configuration(start: Any, bucket: Bucket) -> None:
    start().record(invocation(1), {**CONFIG, "KmsKeyId": "alias/capture"})
    eventually(lambda: bucket.numbers() == [1])
    assert bucket.options == [{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/capture"}]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal")


@given(texts=st.lists(st.text(), max_size=5), cut=st.integers(0, 40))
def test_a_line_that_was_cut_off_is_left_out(journal: Path, texts: list[str], cut: int) -> None:
    segment = Segment(journal, Target("s3://b/f", "n.jsonl", None, None, "e"), 0.0)
    for text in texts:
        segment.append({"text": text})
    path = segment.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: min(cut, whole.index(b"\n"))])
    found = capture_journal.read(path)
    lines = [] if found is None else found[1].decode().split("\n")[:-1]
    assert [json.loads(line)["text"] for line in lines] == texts


@pytest.mark.parametrize(
    ("content_type", "encoding", "data"),
    [
        ("text/csv; charset=utf-8", "CSV", "1,2"),
        ("application/json", "JSON", "1,2"),
        ("application/octet-stream", "BASE64", "MSwy"),
    ],
)
def test_named_content_types_are_captured_as_text(content_type: str, encoding: str, data: str) -> None:
    side = event(replace(invocation(1), request=Payload(content_type, b"1,2")), CONFIG)["captureData"]["endpointInput"]
    assert (side["encoding"], side["data"], side["observedContentType"]) == (encoding, data, content_type)


def test_a_shadows_record_says_so() -> None:
    assert event(invocation(1, shadow=True), CONFIG)["eventMetadata"]["invocationSource"] == "ShadowExperiment"
    assert "invocationSource" not in event(invocation(1), CONFIG)["eventMetadata"]


@pytest.mark.stack
def test_the_models_role_writes_what_is_captured(server: LocalServer, hosting: Any, name: str) -> None:
    """API_CreateModel, ExecutionRoleArn: what the endpoint does, it does in this role's name."""
    hosting.serve(name, {**CONFIG, "DestinationS3Uri": f"s3://jobs/captured-as-role/{name}"})
    hosting.invoke(name)
    (entry,) = eventually(
        lambda: hosting.s3.list_objects_v2(Bucket="jobs", Prefix=f"captured-as-role/{name}/").get("Contents")
    )
    trail = server.client("cloudtrail")
    resource = {"AttributeKey": "ResourceName", "AttributeValue": f"arn:aws:s3:::jobs/{entry['Key']}"}
    (written,) = eventually(lambda: trail.lookup_events(LookupAttributes=[resource])["Events"])
    issuer = json.loads(written["CloudTrailEvent"])["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == "arn:aws:iam::123456789012:role/sagemaker"
