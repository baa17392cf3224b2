from __future__ import annotations

import os
import zipfile

import pytest
from curated_rows import curated_rows
from faers_archives import Archive, write_folder

from vigil.cases.archive import ArchiveError
from vigil.cases.pack import pack_folder


@pytest.fixture
def quarter():
    return Archive("2023Q1").report(1, outcomes=["HO"]).report(2, indications=["Pain"])


def test_a_packed_folder_gives_the_same_rows_as_the_zip_of_its_quarter(quarter, tmp_path):
    packed = pack_folder(write_folder(tmp_path / "unpacked", quarter.files()), tmp_path)
    zipped = quarter.write(tmp_path / "zipped")
    assert packed.name == zipped.name == "faers_ascii_2023q1.zip"
    assert curated_rows(packed, tmp_path / "a") == curated_rows(zipped, tmp_path / "b")
    assert len(curated_rows(packed, tmp_path / "c")) == 2


def test_the_same_tables_give_the_same_bytes_whatever_else_differs(quarter, tmp_path):
    first = write_folder(tmp_path / "one", quarter.files())
    second = write_folder(tmp_path / "two", {**dict(reversed(quarter.files().items())), "FAQs.pdf": b"%PDF"})
    for path in second.rglob("*"):
        os.utime(path, (10**9, 10**9))
        path.chmod(0o700)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    packed = pack_folder(first, tmp_path / "a"), pack_folder(second, tmp_path / "b")
    assert packed[0].read_bytes() == packed[1].read_bytes()
    assert set(zipfile.ZipFile(packed[1]).namelist()) == set(quarter.files())


def test_a_folder_that_is_no_quarter_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="no DEMO table"):
        pack_folder(tmp_path, tmp_path)
