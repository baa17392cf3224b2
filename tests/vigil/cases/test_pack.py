from __future__ import annotations

import os
import zipfile

import pyarrow.parquet as pq
import pytest
from faers_archives import Archive, write_folder

from vigil.cases.archive import ArchiveError
from vigil.cases.curate import curate_staged
from vigil.cases.pack import pack_folder
from vigil.cases.stage import stage_archives


@pytest.fixture
def quarter():
    return Archive("2023Q1").report(1, outcomes=["HO"]).report(2, indications=["Pain"])


def rows(archive, folder):
    stage_archives([archive], folder / "staged")
    curate_staged(folder / "staged", folder / "curated.parquet")
    return pq.read_table(folder / "curated.parquet").to_pylist()


def test_a_packed_folder_gives_the_same_rows_as_the_zip_of_its_quarter(quarter, tmp_path):
    packed = pack_folder(write_folder(tmp_path / "unpacked", quarter.files()), tmp_path)
    zipped = quarter.write(tmp_path / "zipped")
    assert packed.name == zipped.name == "faers_ascii_2023q1.zip"
    assert rows(packed, tmp_path / "a") == rows(zipped, tmp_path / "b")
    assert len(rows(packed, tmp_path / "c")) == 2


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
