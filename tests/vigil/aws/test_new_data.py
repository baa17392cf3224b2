"""What the model in service was not trained on, by what lies in the raw bucket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from faers_archives import Archive
from moto_stack import MotoStack

from vigil.aws import ranged_object
from vigil.aws.environment import aws_client
from vigil.aws.new_data import MissingArchiveError, count_reports, find_new_data
from vigil.aws.objects import S3Uri
from vigil.aws.releases import ReleaseRecord

DIGESTS = {"2025Q1": "1" * 64, "2025Q2": "2" * 64}


@pytest.fixture
def raw(stack: MotoStack, tmp_path: Path) -> Raw:
    return Raw(stack.parameters.buckets.raw, tmp_path)


class Raw:
    def __init__(self, bucket: str, folder: Path) -> None:
        self.bucket, self.folder, self.s3 = bucket, folder, aws_client("s3")

    def put(self, key: str, body: bytes) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def archive(self, quarter: str, reports: int) -> bytes:
        archive = Archive(quarter)
        for case in range(1, reports + 1):
            archive.report(case)
        return archive.write(self.folder).read_bytes()

    def keep(self, quarter: str, digest: str, reports: int = 2) -> str:
        name = f"faers_ascii_{quarter.lower()}.zip"
        return self.put(f"quarters/{quarter}/{digest}/{name}", self.archive(quarter, reports))

    def land(self, quarter: str, reports: int, name: str | None = None) -> str:
        return self.put(f"landing/{name or f'faers_ascii_{quarter.lower()}.zip'}", self.archive(quarter, reports))

    def found(self, **changes: Any) -> Any:
        return find_new_data(release(**changes), self.bucket, self.s3)


def release(**changes: Any) -> ReleaseRecord:
    usual = {
        "name": "faers", "version": "d" * 64, "tag": "t", "quarters": tuple(DIGESTS), "prefix": "s3://d/x/",
        "profile": "synthetic", "rows": {"train": 1}, "serious_rate": 0.5, "schema_version": 2, "engine": "duckdb",
        "curation_revision": "r", "archives": tuple(DIGESTS.values()), "released_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return ReleaseRecord.model_validate(usual | changes)


@pytest.fixture
def known(raw: Raw) -> list[str]:
    return [raw.keep(quarter, digest) for quarter, digest in DIGESTS.items()]


def test_with_nothing_but_what_was_trained_on_there_is_nothing_new(raw: Raw, known: list[str]) -> None:
    raw.land("2025Q2", 9)  # a later upload of a quarter that is known
    found = raw.found()
    assert (found.quarters, found.cases, found.archives, found.profile) == ((), 0, (), "synthetic")


def test_quarters_that_were_uploaded_or_kept_since_are_new_and_go_with_the_old_ones(raw: Raw, known: list[str]) -> None:
    new = [raw.land("2025Q3", 7), raw.keep("2025Q4", "4" * 64, 5)]
    found = raw.found()
    assert (found.quarters, found.cases) == (("2025Q3", "2025Q4"), 12)
    assert list(found.archives) == [*known, *new], "by the same keys as before, oldest quarter first"


def test_an_upload_counts_before_what_was_kept_of_the_same_quarter(raw: Raw, known: list[str]) -> None:
    raw.keep("2025Q3", "3" * 64, 4)
    uploaded = raw.land("2025Q3", 6)
    found = raw.found()
    assert (found.cases, found.archives[-1]) == (6, uploaded)


def test_a_quarter_is_told_by_its_tables_and_not_by_its_name(raw: Raw, known: list[str]) -> None:
    raw.land("2025Q3", 3, name="upload.zip")
    assert raw.found().quarters == ("2025Q3",)


@pytest.mark.parametrize("body", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_an_upload_that_is_no_archive_is_left_out(raw: Raw, known: list[str], body: bytes) -> None:
    raw.put("landing/broken.zip", body)
    raw.land("2025Q3", 3)
    assert raw.found().quarters == ("2025Q3",)


def test_an_archive_that_was_trained_on_and_is_gone_is_named(raw: Raw, known: list[str]) -> None:
    with pytest.raises(MissingArchiveError, match="quarters/2025Q1/9999"):
        raw.found(archives=("9" * 64, "2" * 64))
    with pytest.raises(MissingArchiveError, match="does not say what it was made of"):
        raw.found(archives=())


def test_only_what_is_looked_at_is_fetched(raw: Raw, known: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside DEMO lie six tables, which no count needs."""
    monkeypatch.setattr("vigil.aws.ranged_object.BLOCK_BYTES", 4096)
    uri = S3Uri.parse(raw.keep("2025Q3", "3" * 64, 3000))
    size = raw.s3.head_object(Bucket=uri.bucket, Key=uri.key)["ContentLength"]
    fetched: list[int] = []

    class Counting:
        head_object = raw.s3.head_object

        @staticmethod
        def get_object(**request: Any) -> Any:
            answer = raw.s3.get_object(**request)
            fetched.append(answer["ContentLength"])
            return answer

    assert count_reports(uri, Counting()) == 3000
    assert sum(fetched) < size / 2, (sum(fetched), size)


def test_an_object_in_pieces_reads_as_the_whole_does(raw: Raw) -> None:
    content = bytes(range(256)) * 50
    uri = S3Uri.parse(raw.put("landing/x", content))
    file = ranged_object.RangedObject(uri, raw.s3)
    assert file.read(10) == content[:10]
    assert (file.seek(-7, 2), file.read()) == (len(content) - 7, content[-7:])
    assert (file.seek(len(content) + 5), file.read(3)) == (len(content) + 5, b"")
    assert (file.seek(300), file.seek(5, 1), file.read(2)) == (300, 305, content[305:307])
    assert ranged_object.ranged(uri, raw.s3).read() == content
