"""S3 and a Data Catalog that other processes can reach too (DVC, the Glue job): moto's server on a free port."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from vigil.aws.environment import aws_client


@dataclass(frozen=True)
class S3Server:
    url: str
    raw: str = "vigil-unit-raw"
    datasets: str = "vigil-unit-datasets"
    database: str = "vigil_unit"

    @property
    def s3(self) -> Any:
        return aws_client("s3")


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """Two versioned buckets behind AWS_ENDPOINT_URL, for this process and its children."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = S3Server(f"http://{host}:{port}")
    for name, value in {
        "AWS_ENDPOINT_URL": made.url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "VIGIL_STACK": "unit",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    aws_client.cache_clear()
    try:
        for bucket in (made.raw, made.datasets):
            made.s3.create_bucket(Bucket=bucket)
            made.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        aws_client("glue").create_database(DatabaseInput={"Name": made.database})
        yield made
    finally:
        aws_client("glue").delete_database(Name=made.database)
        for bucket in (made.raw, made.datasets):
            kept = made.s3.list_object_versions(Bucket=bucket)
            for version in [*kept.get("Versions", []), *kept.get("DeleteMarkers", [])]:
                made.s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
            made.s3.delete_bucket(Bucket=bucket)
        aws_client.cache_clear()
        server.stop()
