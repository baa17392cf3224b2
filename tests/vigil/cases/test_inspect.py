import hashlib

import pytest
from faers_archives import Archive, write_folder

from vigil.cases.archive import ArchiveError
from vigil.cases.inspect import inspect_archive


def test_an_archive_is_summed_up(tmp_path):
    path = Archive().report(1, reactions=["A", "B"]).report(2).write(tmp_path)
    summary = inspect_archive(path)
    assert (summary.quarter, summary.lines["DEMO"], summary.lines["REAC"], summary.lines["THER"]) == ("2023Q1", 2, 3, 0)
    assert summary.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert summary.size == path.stat().st_size


def test_every_header_is_checked(tmp_path):
    with pytest.raises(ArchiveError, match=r"INDI23Q1.txt line 1: wrong header"):
        inspect_archive(Archive().report(1).write(tmp_path, changes={"ASCII/INDI23Q1.txt": b"a$b\n"}))


def test_a_folder_is_said_to_be_one(tmp_path):
    with pytest.raises(ArchiveError, match="is a folder: pack it first"):
        inspect_archive(write_folder(tmp_path / "unpacked", Archive().report(1).files()))
