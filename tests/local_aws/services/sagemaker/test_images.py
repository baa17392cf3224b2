"""From an image URI to a command, as ``docker run`` makes it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from local_aws.api import Image
from local_aws.services.sagemaker.images import command, image_name

IMAGE = Image("ml", Path(), (sys.executable, "-m", "tasks"))


@pytest.mark.parametrize(
    "uri",
    [
        "ml",
        "ml:1",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/ml:1",
        "host:5000/ml@sha256:0a",
        "ml:1@sha256:0a",
    ],
)
def test_an_image_is_named_by_the_last_part_of_its_uri(uri: str) -> None:
    assert image_name(uri) == "ml"


def test_the_default_argument_follows_the_entry_point() -> None:
    assert command(IMAGE, ["train"], None, None) == [sys.executable, "-m", "tasks", "train"]


def test_arguments_replace_the_default() -> None:
    assert command(IMAGE, ["train"], None, ["evaluate", "--fast"])[-2:] == ["evaluate", "--fast"]


def test_an_entry_point_replaces_the_images_and_python_is_this_interpreter() -> None:
    assert command(IMAGE, ["train"], ["python3", "-c", "1"], None) == [sys.executable, "-c", "1"]
    assert command(IMAGE, ["train"], ["/bin/sh"], ["-c", "true"]) == ["/bin/sh", "-c", "true"]
