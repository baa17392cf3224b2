"""The curated table in the Glue Data Catalog, from ``curated_table.yaml``: Athena, Spark and people find it there.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html
"""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import aws_client
from vigil.aws.objects import S3Uri
from vigil.cases.schema import CuratedTable, load_curated_table
from vigil.datasets.split_settings import SPLIT_FILES

HIVE_TYPES = {
    "int64": "bigint",
    "int32": "int",
    "float64": "double",
    "string": "string",
    "list<string>": "array<string>",
    "bool": "boolean",
}
LONGEST_COMMENT = 255  # of a column: API_Column
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
ALREADY_THERE = "AlreadyExistsException"
NOT_THERE = "EntityNotFoundException"


class CatalogError(Exception):
    """The catalog refused partitions; the message names them with Glue's reasons."""


def publish_version(database: str, version: str, prefix: str, glue: Any = None) -> None:
    """Bring the table up to date and add the partitions of one dataset version, whose files lie below ``prefix``.

    Repeating it changes nothing; partitions of other versions stay. Raises ``CatalogError``.
    """
    client, table = glue or aws_client("glue"), load_curated_table()
    root = S3Uri.parse(prefix)
    wanted = table_input(table, str(root.parent))
    _put_table(client, database, wanted)
    partitions = [partition_input(table, version, split, root / file) for split, file in SPLIT_FILES.items()]
    answer = client.batch_create_partition(DatabaseName=database, TableName=table.name, PartitionInputList=partitions)
    problems = [
        f"{'/'.join(error['PartitionValues'])}: {error['ErrorDetail'].get('ErrorMessage', '')}"
        for error in answer.get("Errors", [])
        if error["ErrorDetail"]["ErrorCode"] != ALREADY_THERE
    ]
    if problems:
        raise CatalogError(f"the catalog {database} did not take {'; '.join(problems)}: clear this task to try again")


def table_input(table: CuratedTable, location: str) -> dict[str, Any]:
    """The ``TableInput`` of CreateTable and UpdateTable. ``location``: what holds all versions, ending in ``/``."""
    return {
        "Name": table.name,
        "Description": table.about,
        "Owner": table.owner,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [
            {"Name": key.name, "Type": HIVE_TYPES[key.type], "Comment": key.about[:LONGEST_COMMENT]}
            for key in table.partitions
        ],
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "schema_version": str(table.schema_version),
            "source": table.source,
        },
        "StorageDescriptor": {**PARQUET, "Columns": _columns(table), "Location": location},
    }


def partition_input(table: CuratedTable, version: str, split: str, file: S3Uri) -> dict[str, Any]:
    return {
        "Values": [version, split],
        "StorageDescriptor": {**PARQUET, "Columns": _columns(table), "Location": str(file.parent)},
        "Parameters": {"schema_version": str(table.schema_version)},
    }


def _columns(table: CuratedTable) -> list[dict[str, str]]:
    """The comment tells the meaning, the unit and FDA's column."""
    found = []
    for column in table.columns:
        unit = f" [{column.unit}]" if column.unit else ""
        comment = f"{column.about}{unit} (from {column.source})"
        found.append({"Name": column.name, "Type": HIVE_TYPES[column.type], "Comment": comment[:LONGEST_COMMENT]})
    return found


def _put_table(client: Any, database: str, wanted: dict[str, Any]) -> None:
    from botocore.exceptions import ClientError

    try:
        current = client.get_table(DatabaseName=database, Name=wanted["Name"])["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] != NOT_THERE:
            raise
        try:
            client.create_table(DatabaseName=database, TableInput=wanted)
        except ClientError as race:  # another release was first
            if race.response["Error"]["Code"] != ALREADY_THERE:
                raise
        return
    if not _holds(current, wanted):
        client.update_table(DatabaseName=database, TableInput=wanted)


def _holds(current: Any, wanted: Any) -> bool:
    """Whether ``current`` says all that is ``wanted``; Glue adds fields of its own."""
    if isinstance(wanted, dict):
        return isinstance(current, dict) and all(_holds(current.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(current, list) and len(current) == len(wanted) and all(map(_holds, current, wanted))
    return bool(current == wanted)
