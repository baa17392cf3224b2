"""Archives are packed whole and unpacked without trust."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from local_aws.services.sagemaker.archives import ArchiveError, pack, unpack


def archive_with(tmp_path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive


def test_a_folder_survives_the_round_trip(tmp_path: Path) -> None:
    (tmp_path / "model/deep").mkdir(parents=True)
    (tmp_path / "model/a.json").write_text("{}")
    (tmp_path / "model/deep/b.ubj").write_bytes(b"\x00\x01")
    assert pack(tmp_path / "model", tmp_path / "model.tar.gz")
    unpack(tmp_path / "model.tar.gz", tmp_path / "copy")
    copied = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.*")}
    assert copied == {"a.json", "deep/b.ubj"}


def test_an_empty_folder_makes_no_archive(tmp_path: Path) -> None:
    (tmp_path / "model/deep").mkdir(parents=True)
    assert not pack(tmp_path / "model", tmp_path / "model.tar.gz")
    assert not (tmp_path / "model.tar.gz").exists()


@pytest.mark.parametrize("name", ["../evil", "deep/../../evil"])
def test_a_path_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    archive = archive_with(tmp_path, (tarfile.TarInfo(name), b"x"))
    with pytest.raises(ArchiveError, match="outside"):
        unpack(archive, tmp_path / "folder" / "model")
    assert list(tmp_path.rglob("evil")) == []


def test_an_absolute_path_is_unpacked_inside(tmp_path: Path) -> None:
    unpack(archive_with(tmp_path, (tarfile.TarInfo("/evil"), b"x")), tmp_path / "model")
    assert (tmp_path / "model" / "evil").is_file()


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "../../etc"
    with pytest.raises(ArchiveError, match="outside"):
        unpack(archive_with(tmp_path, (link, b"")), tmp_path / "model")


def test_a_device_is_refused(tmp_path: Path) -> None:
    device = tarfile.TarInfo("device")
    device.type = tarfile.CHRTYPE
    with pytest.raises(ArchiveError, match="special file"):
        unpack(archive_with(tmp_path, (device, b"")), tmp_path / "model")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(ArchiveError, match=r"model\.tar\.gz cannot be unpacked"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "model")
