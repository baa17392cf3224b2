from __future__ import annotations

import pytest
from faers_archives import Archive

from vigil.aws import landing
from vigil.aws.landing import LandingError, land, upload
from vigil.aws.objects import ObjectError, S3Uri, get_bytes, list_prefix
from vigil.cases.archive import ArchiveError


def test_an_archive_is_uploaded_then_kept_under_its_digest(stack, tmp_path):
    path = Archive("2023Q1").report(1).write(tmp_path)
    ((summary, uri),) = upload([path])
    assert uri == f"s3://{stack.parameters.buckets.raw}/landing/faers_ascii_2023q1.zip"
    (landed,) = land([uri])
    assert landed.uri.endswith(f"/quarters/2023Q1/{summary.sha256}/faers_ascii_2023q1.zip")
    assert get_bytes(S3Uri.parse(landed.uri)) == path.read_bytes()
    assert (landed.quarter, landed.size) == ("2023Q1", path.stat().st_size)


def test_landing_again_changes_nothing_and_new_bytes_get_a_new_place(stack, tmp_path):
    raw = S3Uri(stack.parameters.buckets.raw, "quarters/")
    ((_, uri),) = upload([Archive().report(1).write(tmp_path)])
    assert land([uri]) == land([uri])
    assert len(list_prefix(raw)) == 1
    upload([Archive().report(2).write(tmp_path)])
    land([uri])
    assert len(list_prefix(raw)) == 2


def test_an_object_that_was_landed_is_not_read_again_until_it_changes(stack, tmp_path, monkeypatch):
    ((_, uri),) = upload([Archive().report(1).write(tmp_path)])
    first = land([uri])
    read = []
    inspect = landing.inspect_archive
    monkeypatch.setattr(landing, "inspect_archive", lambda path: read.append(path.name) or inspect(path))
    assert land([uri]) == first
    assert read == []
    upload([Archive().report(2).write(tmp_path)])
    read.clear()
    (changed,) = land([uri])
    assert (read, changed == first[0]) == (["faers_ascii_2023q1.zip"], False)


def test_archives_come_back_oldest_first(stack, tmp_path):
    uploaded = upload([Archive(quarter).report(1).write(tmp_path) for quarter in ("2024Q1", "2023Q2")])
    assert [archive.quarter for archive in land([uri for _, uri in uploaded])] == ["2023Q2", "2024Q1"]


def test_nothing_is_uploaded_when_one_archive_is_bad(stack, tmp_path):
    good = Archive("2023Q1").report(1).write(tmp_path)
    bad = Archive("2023Q2").write(tmp_path, changes={"ASCII/DEMO23Q2.txt": None})
    with pytest.raises(ArchiveError, match=r"faers_ascii_2023q2.zip: no DEMO table"):
        upload([good, bad])
    assert list_prefix(S3Uri(stack.parameters.buckets.raw, "landing/")) == []


def test_two_archives_of_one_quarter_are_refused(stack, tmp_path):
    paths = [Archive().report(n).write(tmp_path, f"{n}_faers_ascii_2023q1.zip") for n in (1, 2)]
    with pytest.raises(LandingError, match=r"1_faers.* and 2_faers.* are both of 2023Q1"):
        upload(paths)


def test_an_archive_that_was_named_twice_is_refused(stack, tmp_path):
    path = Archive().report(1).write(tmp_path)
    with pytest.raises(LandingError, match="given twice"):
        upload([path, path])


def test_landing_nothing_or_what_is_not_there_is_an_error(stack):
    with pytest.raises(LandingError, match="no archive was given"):
        land([])
    with pytest.raises(ObjectError, match="there is no s3://"):
        land([f"s3://{stack.parameters.buckets.raw}/landing/nothing.zip"])
