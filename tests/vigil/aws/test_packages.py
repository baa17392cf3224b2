from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from vigil.aws.packages import PackageError, content_key, read_file, zip_folders


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "vigil/__init__.py": "",
        "vigil/cases/layouts.yaml": "a: 1\n",
        "vigil/__pycache__/x.cpython-311.pyc": "no",
        "tasks/run.py": "print(1)\n",
        "other/secret.txt": "no",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_package_holds_the_named_folders_without_bytecode(project: Path) -> None:
    names = zipfile.ZipFile(io.BytesIO(zip_folders(project, ["vigil", "tasks"]))).namelist()
    assert names == ["tasks/run.py", "vigil/__init__.py", "vigil/cases/layouts.yaml"]


def test_the_same_files_give_the_same_bytes_whatever_their_times_and_modes(project: Path) -> None:
    before = zip_folders(project, ["vigil", "tasks"])
    os.utime(project / "tasks" / "run.py", (1, 1))
    (project / "vigil" / "__init__.py").chmod(0o600)
    assert zip_folders(project, ["tasks", "vigil"]) == before
    entries = zipfile.ZipFile(io.BytesIO(before)).infolist()
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0o644)}


def test_another_content_gives_another_key(project: Path) -> None:
    before = content_key("lambda.zip", zip_folders(project, ["vigil"]))
    (project / "vigil" / "__init__.py").write_text("changed = True\n")
    assert content_key("lambda.zip", zip_folders(project, ["vigil"])) != before
    assert before.startswith("code/")
    assert before.endswith("/lambda.zip")


def test_a_missing_folder_is_named_with_what_to_do(project: Path) -> None:
    with pytest.raises(PackageError, match=r"change_control is missing or empty: run this in a checkout"):
        zip_folders(project, ["vigil", "change_control"])


def test_a_missing_file_is_named(project: Path) -> None:
    with pytest.raises(PackageError, match=r"template\.yaml is missing"):
        read_file(project / "infra" / "template.yaml")
