"""The image's two descriptions, for a container engine and for local_aws, must say the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest


@pytest.fixture
def dockerfile(repository: Path) -> str:
    return (repository / "containers/ml/Dockerfile").read_text()


@pytest.fixture
def image(repository: Path) -> dict[str, object]:
    return tomllib.loads((repository / "containers/ml/image.toml").read_text())["image"]


def test_both_start_the_same_entry_point(dockerfile: str, image: dict[str, object]) -> None:
    found = re.search(r"^ENTRYPOINT (\[.*\])$", dockerfile, re.MULTILINE)
    assert found is not None
    assert json.loads(found[1]) == image["entrypoint"]


def test_the_local_image_runs_from_the_repositorys_root(repository: Path, image: dict[str, object]) -> None:
    folder = (repository / "containers/ml" / str(image["workdir"])).resolve()
    assert folder == repository
    assert (folder / "tasks/sagemaker/__main__.py").is_file()


def test_what_the_image_copies_exists(repository: Path, dockerfile: str) -> None:
    sources = re.findall(r"^COPY (\S+) \S+$", dockerfile, re.MULTILINE)
    assert sources
    assert all((repository / source).exists() for source in sources)


def test_the_compiled_requirements_hold_every_input_with_a_hash(repository: Path) -> None:
    inputs = re.findall(r"^([A-Za-z0-9_-]+)", (repository / "requirements/ml.in").read_text(), re.MULTILINE)
    pinned = re.findall(
        r"^([a-z0-9-]+)==\S+ \\\n    --hash=", (repository / "requirements/ml.txt").read_text(), re.MULTILINE
    )
    assert {name.lower() for name in inputs} <= set(pinned)


def test_the_base_image_has_no_default_that_a_registry_could_move(dockerfile: str) -> None:
    bases = re.findall(r"^ARG BASE(.*)$", dockerfile, re.MULTILINE)
    assert bases == [""]
    assert re.findall(r"^FROM (.*)$", dockerfile, re.MULTILINE) == ["${BASE}"]
