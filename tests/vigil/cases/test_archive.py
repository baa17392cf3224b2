from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from faers_archives import Archive, write_folder, write_zip

from vigil.cases import archive as archive_module
from vigil.cases.archive import ArchiveError, open_archive


def refusal(path: Path) -> str:
    with pytest.raises(ArchiveError) as caught, open_archive(path):
        pass
    return str(caught.value)


def test_a_zip_is_identified_by_the_files_inside(tmp_path):
    with open_archive(Archive("2023Q4").write(tmp_path)) as archive:
        assert (str(archive.quarter), archive.vintage.name) == ("2023Q4", "current FAERS")
        assert archive.files["DEMO"] == "ASCII/DEMO23Q4.txt"
        assert archive.deleted_file == "Deleted/DELETE23Q4.txt"


def test_an_unpacked_folder_is_read_as_well_and_case_does_not_matter(tmp_path):
    files = {name.replace("ASCII", "ascii").lower(): content for name, content in Archive().files().items()}
    with open_archive(write_folder(tmp_path / "faers_ascii_2023q1", files)) as archive:
        assert archive.files["DEMO"] == "ascii/demo23q1.txt"


def test_the_real_odd_name_of_2018q1_is_known(tmp_path):
    files = Archive("2018Q1").files()
    demo = files.pop("ASCII/DEMO18Q1.txt")
    path = write_zip(tmp_path / "q.zip", {**files, "ASCII/DEMO18Q1_new.txt": demo})
    with open_archive(path) as archive:
        assert archive.files["DEMO"] == "ASCII/DEMO18Q1_new.txt"


def test_a_missing_file_is_named(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nothing.zip")


def test_a_truncated_zip_is_named(tmp_path):
    path = Archive().report(1).write(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    assert "faers_ascii_2023q1.zip is not a complete zip file" in refusal(path)


def test_damage_inside_a_zip_names_the_file(tmp_path):
    path = Archive().report(1, reactions=[f"Term {n}" for n in range(500)]).write(tmp_path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("ASCII/REAC23Q1.txt").header_offset
    for position in range(start + 60, start + 90):
        content[position] ^= 0xFF
    path.write_bytes(bytes(content))
    with (
        open_archive(path) as archive,
        pytest.raises(ArchiveError, match=r"ASCII/REAC23Q1.txt is truncated or damaged"),
        archive.open(archive.files["REAC"]) as stream,
    ):
        stream.read()


def test_a_missing_demo_is_fatal(tmp_path):
    assert "no DEMO table" in refusal(Archive().write(tmp_path, changes={"ASCII/DEMO23Q1.txt": None}))


def test_a_missing_outcome_table_is_fatal_because_every_case_would_look_harmless(tmp_path):
    assert "no file for OUTC" in refusal(Archive().write(tmp_path, changes={"ASCII/OUTC23Q1.txt": None}))


def test_a_table_that_is_there_twice_is_refused(tmp_path):
    assert "two files for DEMO" in refusal(Archive().write(tmp_path, changes={"ASCII/DEMO23Q1_new.txt": b"x"}))


def test_files_of_two_quarters_are_refused(tmp_path):
    message = refusal(Archive().write(tmp_path, changes={"ASCII/OUTC23Q1.txt": None, "ASCII/OUTC23Q2.txt": b"x"}))
    assert "2023Q1 (ASCII/DEMO23Q1.txt), 2023Q2 (ASCII/OUTC23Q2.txt)" in message


def test_a_name_that_tells_another_quarter_is_refused(tmp_path):
    assert "the archive's own name" in refusal(Archive("2023Q1").write(tmp_path, "faers_ascii_2023q2.zip"))


@pytest.mark.parametrize(
    ("quarter", "vintage"),
    [
        ("2004Q1", "legacy AERS"),
        ("2012Q3", "legacy AERS"),
        ("2012Q4", "early FAERS"),
        ("2014Q2", "early FAERS"),
        ("2014Q3", "current FAERS"),
    ],
)
def test_every_quarter_that_fda_published_has_a_vintage(tmp_path, quarter, vintage):
    with open_archive(Archive(quarter).write(tmp_path)) as archive:
        assert archive.vintage.name == vintage


def test_a_quarter_before_fdas_first_is_refused(tmp_path):
    files = {name.replace("04Q1", "03Q4"): content for name, content in Archive("2004Q1").files().items()}
    assert "2003Q4 is before FDA's first archive, 2004Q1" in refusal(write_zip(tmp_path / "q.zip", files))


@pytest.mark.parametrize("name", ["Deleted/DELETE23Q1.txt", "deleted/ADR23Q1DeletedCases.txt", "x/23q1deleted.TXT"])
def test_lists_of_deleted_cases_are_known_by_their_names(tmp_path, name):
    path = Archive().write(tmp_path, changes={"Deleted/DELETE23Q1.txt": None, name: b" \n7\n"})
    with open_archive(path) as archive:
        assert archive.deleted_file == name


def test_a_bomb_that_lies_about_its_size_is_stopped_while_it_is_read(tmp_path):
    """The directory says 100 bytes; no more than those are unpacked, and then the check sum is wrong."""
    big = ("\n".join(["x"] * 2_000_000)).encode()
    path = Archive().report(1).write(tmp_path, changes={"ASCII/REAC23Q1.txt": big})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        size = file.getinfo("ASCII/REAC23Q1.txt").file_size.to_bytes(4, "little")
    assert content.count(size) == 2  # in the entry's own header and in the directory
    path.write_bytes(bytes(content.replace(size, (100).to_bytes(4, "little"))))
    with (
        open_archive(path) as archive,
        pytest.raises(ArchiveError, match=r"REAC23Q1.txt is truncated or damaged"),
        archive.open(archive.files["REAC"]) as stream,
    ):
        assert len(stream.read()) <= 100


@pytest.mark.parametrize(
    "name", ["../DEMO23Q1.txt", "/etc/DEMO23Q1.txt", "ASCII/../../x.txt", "a\\..\\x.txt", "C:/x.txt"]
)
def test_an_entry_that_leaves_the_archive_is_refused(tmp_path, name):
    assert "points outside the archive" in refusal(Archive().write(tmp_path, changes={name: b"x"}))


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(tmp_path):
    assert "a zip bomb" in refusal(Archive().write(tmp_path, changes={"ASCII/DEMO23Q1.txt": bytes(3 << 20)}))


def test_more_files_than_any_quarter_has_are_refused(tmp_path):
    many = {f"ASCII/{number}.pdf": b"" for number in range(300)}
    assert "files, more than 200" in refusal(Archive().write(tmp_path, changes=many))


def test_a_total_beyond_any_quarter_is_refused(tmp_path, monkeypatch):
    layouts = archive_module.load_layouts()
    small = layouts.model_copy(update={"limits": layouts.limits.model_copy(update={"max_total_bytes": 100})})
    monkeypatch.setattr(archive_module, "load_layouts", lambda: small)
    assert "more than 100: not a FAERS quarter" in refusal(Archive().write(tmp_path))


def test_an_encrypted_entry_is_refused(tmp_path):
    path = Archive().write(tmp_path)
    content = bytearray(path.read_bytes())
    position = content.rfind(b"PK\x01\x02")
    content[position + 8] |= 1  # general purpose flag, bit 0, of the last entry in the directory
    path.write_bytes(bytes(content))
    assert "is encrypted" in refusal(path)


def test_a_link_out_of_a_folder_is_refused(tmp_path):
    folder = write_folder(tmp_path / "quarter", Archive().files())
    (folder / "ASCII" / "note.txt").symlink_to("/etc/hostname")
    assert "is a link that leaves the folder" in refusal(folder)


def test_two_lists_of_deleted_cases_are_refused_for_one_would_be_forgotten(tmp_path):
    path = Archive(deleted=[1]).write(tmp_path, changes={"Deleted/DELETE23Q1_more.txt": b"2\n"})
    assert "two lists of deleted cases, Deleted/DELETE23Q1.txt and Deleted/DELETE23Q1_more.txt" in refusal(path)
