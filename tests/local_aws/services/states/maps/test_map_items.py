"""Items of distributed Maps: what readers make of files, how batches are cut, what result files hold.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from state_machines import FakeServices, StatesWorld

from local_aws.services.states.definitions.check import check
from local_aws.services.states.definitions.problems import DefinitionError
from local_aws.services.states.errors import StateError
from local_aws.services.states.jsontext import dumps, size
from local_aws.services.states.maps.item_batches import Batcher
from local_aws.services.states.maps.item_formats import FormatError, parse
from local_aws.services.states.maps.item_reader import GET, LIST, Reader
from local_aws.services.states.maps.result_writer import PUT

FIRST_ROW = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
HEADER_A = {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]}


@pytest.mark.parametrize(
    ("content", "config", "expected"),
    [
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n", FIRST_ROW, [{"a": "1", "b": "2"}]),
        (b"", FIRST_ROW, []),
        (b"1;2", {**FIRST_ROW, **HEADER_A, "CSVDelimiter": "SEMICOLON"}, [{"a": "1"}]),
        (b'{"a": 1, "b": 2}', {"InputType": "JSON"}, {"a": 1, "b": 2}),
        (b'{"a/b": {"~": [7]}}', {"InputType": "JSON", "ItemsPointer": "/a~1b/~0"}, [7]),
        (b'"\xc3\xa9\\u2028"\n', {"InputType": "JSONL"}, ["é\u2028"]),
    ],
)
def test_items_of_a_file(content: bytes, config: dict[str, Any], expected: Any) -> None:
    assert parse(content, config, None) == expected


@pytest.mark.parametrize(
    ("content", "config", "message"),
    [
        (b"[1", {"InputType": "JSON"}, "not JSON"),
        (b"1\nx\n", {"InputType": "JSONL"}, "Line 2"),
        (b"\xff", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "not UTF-8"),
        (b"{}", {"InputType": "JSON", "ItemsPointer": "/a"}, "leads to nothing"),
        (b"no", {"InputType": "PARQUET"}, "not Parquet"),
    ],
)
def test_files_that_are_not_what_they_should_be(content: bytes, config: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse(content, config, None)


def test_parquet_rows_are_items() -> None:
    file = io.BytesIO()
    table = pyarrow.table({"n": [1, 2], "at": [datetime(2024, 5, 1, tzinfo=UTC)] * 2, "d": [Decimal("1.50")] * 2})
    parquet.write_table(table, file)
    [row] = parse(file.getvalue(), {"InputType": "PARQUET"}, 1)
    assert row == {"n": 1, "at": "2024-05-01 00:00:00+00:00", "d": "1.50"}


def test_an_inventory_is_read_through_its_manifest() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
    manifest = {
        "destinationBucket": "arn:aws:s3:::inventory",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz"}, {"key": "data/2.csv.gz"}],
    }
    services = FakeServices()
    bodies = {
        ("b", "manifest.json"): json.dumps(manifest).encode(),
        ("inventory", "data/1.csv.gz"): gzip.compress(b'"b","x, y","5"\n'),
        ("inventory", "data/2.csv.gz"): gzip.compress(b'"b","z","6"\n'),
    }
    services.on("s3.get_object", lambda Bucket, Key: {"Body": io.BytesIO(bodies[Bucket, Key])})  # noqa: N803
    items = Reader(GET, {"Bucket": "b", "Key": "manifest.json"}, {"InputType": "MANIFEST"}, None).read(services)
    assert items.values == [{"Bucket": "b", "Key": "x, y", "Size": "5"}, {"Bucket": "b", "Key": "z", "Size": "6"}]
    assert items.source == "S3://b/manifest.json"


def test_a_listing_shows_times_in_seconds() -> None:
    entry = {"Key": "k", "ETag": "e", "Size": 1, "LastModified": datetime(2024, 5, 1, tzinfo=UTC)}
    services = FakeServices()
    services.on("s3.list_objects_v2", lambda **_: {"Contents": [entry]})
    items = Reader(LIST, {"Bucket": "b"}, {}, None).read(services)
    assert items.values[0]["LastModified"] == 1714521600
    assert items.source == "S3://b"


@given(
    st.lists(st.text(max_size=20), max_size=30),
    st.one_of(st.none(), st.integers(1, 5)),
    st.one_of(st.none(), st.integers(200, 400)),
    st.one_of(st.none(), st.just({"about": "all"})),
)
def test_batches_hold_every_item_once_and_keep_their_limits(
    items: list[str], most: int | None, most_bytes: int | None, batch_input: Any
) -> None:
    batches = list(Batcher(most, most_bytes, batch_input).batches([dumps(item) for item in items]))
    inside = [json.loads(batch["input"]) for batch in batches]
    assert [item for batch in inside for item in batch["Items"]] == items
    assert [batch["items"] for batch in batches] == [len(batch["Items"]) for batch in inside]
    assert all(batch.get("BatchInput") == batch_input for batch in inside)
    for batch in batches:
        assert most is None or batch["items"] <= most
        assert most_bytes is None or size(batch["input"]) <= most_bytes


def test_an_item_too_large_for_a_batch_is_refused() -> None:
    with pytest.raises(StateError, match="DataLimitExceeded"):
        list(Batcher(None, 20, None).batches([dumps("x" * 30)]))


def test_results_as_json_lines(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"s3.put_object": [{}]}
    config = {"Transformation": "FLATTEN", "OutputType": "JSONL"}
    writer = {"Resource": PUT, "Arguments": {"Bucket": "b"}, "WriterConfig": config}
    double = {"Type": "Pass", "Output": "{% [$states.input, 0] %}", "End": True}
    assert world.run(machine(Items=[1, 2], ResultWriter=writer, child=double))["status"] == "SUCCEEDED"
    [results, _] = services.made("s3.put_object")
    assert results["Body"] == b"1\n0\n2\n0\n"
    assert results["Key"].endswith("/SUCCEEDED_0.jsonl")
    assert results["Key"].count("/") == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ItemReader": {"Resource": GET, "Arguments": {}}}, "These fields are required: [InputType]"),
        ({"ItemReader": {"Resource": "s3", "Arguments": {}}}, "does not match any of the allowed values"),
        (
            {"ItemReader": {"Resource": GET, "ReaderConfig": {"InputType": "XML"}}},
            "Value should be one of the following: [CSV, JSON",
        ),
        (
            {"ItemReader": {"Resource": GET, "ReaderConfig": {"InputType": "CSV"}}},
            "The field 'CSVHeaderLocation' is required",
        ),
        ({"ItemBatcher": {"BatchInput": 1}}, "One of MaxItemsPerBatch and MaxInputBytesPerBatch is required"),
        ({"ItemBatcher": {"MaxInputBytesPerBatch": 300_000}}, "Maximum value is 262144"),
        ({"ResultWriter": {}}, "ResultWriter must have WriterConfig"),
        ({"ResultWriter": {"Resource": PUT}}, "These fields are required: [Arguments]"),
        ({"ResultWriter": {"WriterConfig": {"Transformation": "ZIP"}}}, "These fields are required: [OutputType]"),
        ({"ToleratedFailurePercentage": 101}, "Maximum value is 100"),
        ({"Label": "x" * 41}, "exceeds the 40-character limit"),
        ({"mode": "INLINE", "ToleratedFailureCount": 1}, "supported in Map states of mode DISTRIBUTED only"),
        ({"kind": None}, "These fields are required: [ExecutionType]"),
    ],
)
def test_definitions_that_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        check(json.dumps(machine(**fields)))
    assert message in str(refused.value)


def machine(
    mode: str = "DISTRIBUTED", kind: str | None = "STANDARD", child: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    config = {"Mode": mode, **({"ExecutionType": kind} if kind else {})}
    states = {"Work": child or {"Type": "Pass", "End": True}}
    processor = {"ProcessorConfig": config, "StartAt": "Work", "States": states}
    each = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    return {"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": each}}
