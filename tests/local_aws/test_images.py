"""Image files say what they mean, or are refused by name and field."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from local_aws.images import ImageFileError, load_images

GOOD = '[image]\nname = "ml"\nworkdir = ".."\nentrypoint = ["python", "-m", "tasks"]\n'


def write(folder: Path, text: str, name: str = "image.toml") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file_and_python_is_this_interpreter(tmp_path: Path) -> None:
    image = load_images([write(tmp_path / "containers", GOOD)])["ml"]
    assert image.workdir == tmp_path
    assert image.entrypoint == (sys.executable, "-m", "tasks")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("not toml [", "cannot be read as TOML"),
        ("", r"has no \[image\] table"),
        (GOOD.replace('"ml"', '""'), "image.name"),
        (GOOD.replace('".."', '"nowhere"'), "image.workdir"),
        (GOOD.replace('["python", "-m", "tasks"]', '"python"'), "image.entrypoint"),
    ],
)
def test_wrong_file_is_refused_by_name_and_field(tmp_path: Path, text: str, problem: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ImageFileError, match=problem) as raised:
        load_images([path])
    assert str(path) in str(raised.value)


def test_two_files_for_one_name_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "containers"
    with pytest.raises(ImageFileError, match="already taken"):
        load_images([write(folder, GOOD, "a.toml"), write(folder, GOOD, "b.toml")])
