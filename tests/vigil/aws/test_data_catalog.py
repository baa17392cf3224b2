"""The catalog's requests against botocore's shapes, and a catalog that keeps them."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.validate import validate_parameters
from s3_server import S3Server, s3_server

from vigil.aws.data_catalog import HIVE_TYPES, LONGEST_COMMENT, _holds, partition_input, publish_version, table_input
from vigil.aws.environment import aws_client
from vigil.aws.objects import S3Uri
from vigil.cases.schema import load_curated_table
from vigil.datasets.split_settings import SPLITS

VERSION, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with s3_server(monkeypatch) as made:
        yield made


def shape(operation: str):
    return boto3.client("glue", "us-east-1").meta.service_model.operation_model(operation).input_shape


def test_the_requests_have_botocores_shape():
    """https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html"""
    table = load_curated_table()
    request = {"DatabaseName": "d", "TableInput": table_input(table, "s3://b/datasets/faers/")}
    validate_parameters(request, shape("CreateTable"))
    validate_parameters(request, shape("UpdateTable"))
    file = S3Uri("b", f"datasets/faers/{VERSION}/cases/split=train/cases.parquet")
    partitions = [partition_input(table, VERSION, "train", file)]
    validate_parameters(
        {"DatabaseName": "d", "TableName": "cases", "PartitionInputList": partitions}, shape("BatchCreatePartition")
    )


def test_every_column_has_a_hive_type_and_a_comment_that_fits():
    wanted = table_input(load_curated_table(), "s3://b/p/")
    columns = wanted["StorageDescriptor"]["Columns"]
    assert [column["Name"] for column in columns] == [column.name for column in load_curated_table().columns]
    assert {column["Type"] for column in columns} <= set(HIVE_TYPES.values())
    assert all(0 < len(column["Comment"]) <= LONGEST_COMMENT for column in columns)
    assert [key["Name"] for key in wanted["PartitionKeys"]] == ["dataset_version", "split"]


def partitions_of(server: S3Server) -> set[tuple[str, str]]:
    found = aws_client("glue").get_partitions(DatabaseName=server.database, TableName="cases")["Partitions"]
    return {tuple(partition["Values"]) for partition in found}


def test_each_version_has_its_partitions_and_a_repeat_changes_nothing(server):
    for version in (VERSION, VERSION, OTHER):
        publish_version(server.database, version, f"s3://d/datasets/faers/{version}/")
    assert partitions_of(server) == {(version, split) for version in (VERSION, OTHER) for split in SPLITS}
    table = aws_client("glue").get_table(DatabaseName=server.database, Name="cases")["Table"]
    assert table["StorageDescriptor"]["Location"] == "s3://d/datasets/faers/"
    assert table["Parameters"]["schema_version"] == str(load_curated_table().schema_version)


def test_what_glue_adds_of_its_own_is_no_change():
    """GetTable answers with defaults that nobody sent: an update would make a new version of the table each time."""
    wanted = table_input(load_curated_table(), "s3://b/p/")
    added = {"NumberOfBuckets": 0, "Compressed": False, "SortColumns": []}
    current = {**wanted, "CreateTime": 1, "StorageDescriptor": {**wanted["StorageDescriptor"], **added}}
    assert _holds(current, wanted)
    assert not _holds({**current, "Owner": "somebody"}, wanted)
    fewer = {**current["StorageDescriptor"], "Columns": current["StorageDescriptor"]["Columns"][:3]}
    assert not _holds({**current, "StorageDescriptor": fewer}, wanted)


def test_a_table_of_an_older_schema_is_brought_up_to_date(server):
    publish_version(server.database, VERSION, f"s3://d/datasets/faers/{VERSION}/")
    client = aws_client("glue")
    old = table_input(load_curated_table(), "s3://d/datasets/faers/")
    old["StorageDescriptor"] = {**old["StorageDescriptor"], "Columns": old["StorageDescriptor"]["Columns"][:3]}
    client.update_table(DatabaseName=server.database, TableInput=old)
    publish_version(server.database, OTHER, f"s3://d/datasets/faers/{OTHER}/")
    columns = client.get_table(DatabaseName=server.database, Name="cases")["Table"]["StorageDescriptor"]["Columns"]
    assert len(columns) == len(load_curated_table().columns)
