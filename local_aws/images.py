"""Image files: what stands for a container image on this machine.

::

    [image]
    name = "vigil-ml"                                  # matches the last path component of an image URI
    workdir = "../.."                                  # where the entry point runs, relative to this file
    entrypoint = ["python", "-m", "tasks.sagemaker"]   # as ENTRYPOINT in the image's Dockerfile
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from local_aws.api import Image

PYTHON_NAMES = ("python", "python3")


class ImageFileError(Exception):
    """An image file is missing or wrong; the message names the file and the field."""


def load_images(paths: Iterable[Path]) -> dict[str, Image]:
    """Images by name. A leading ``python`` in the entry point means the interpreter that runs this server."""
    images: dict[str, Image] = {}
    for path in paths:
        image = _load(path)
        if image.name in images:
            raise ImageFileError(f"{path}: image.name {image.name!r} is already taken by another file")
        images[image.name] = image
    return images


def _load(path: Path) -> Image:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("image")
    except (OSError, ValueError) as error:
        raise ImageFileError(f"{path}: cannot be read as TOML: {error}") from error
    if not isinstance(table, dict):
        raise ImageFileError(f"{path}: has no [image] table")
    name, folder, command = table.get("name"), table.get("workdir"), table.get("entrypoint")
    if not isinstance(name, str) or not name:
        raise ImageFileError(f"{path}: image.name must be a text that is not empty")
    if not isinstance(folder, str) or not (path.parent / folder).is_dir():
        raise ImageFileError(f"{path}: image.workdir must name a folder, relative to the file; got {folder!r}")
    if not isinstance(command, list) or not command or not all(isinstance(part, str) for part in command):
        raise ImageFileError(f"{path}: image.entrypoint must be a list of texts that is not empty")
    if command[0] in PYTHON_NAMES:
        command = [sys.executable, *command[1:]]
    return Image(name=name, workdir=(path.parent / folder).resolve(), entrypoint=tuple(command))
