from pathlib import Path

import pytest

from local_aws.services.sagemaker.images import image_name
from vigil.aws.images import require_digest
from vigil.aws.packages import PackageError
from vigil.cli.demo.local_image import local_image

FILES = ("containers/ml/Dockerfile", "tasks/sagemaker/__main__.py", "vigil/digests.py", "requirements/ml.txt")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def test_it_names_the_image_that_local_aws_serves_by_a_digest(repository: Path) -> None:
    uri = local_image(repository)
    assert require_digest(uri, "test") == uri == local_image(repository)
    assert image_name(uri) == "vigil-ml"


@pytest.mark.parametrize("name", FILES)
def test_another_file_in_the_image_is_another_digest(checkout: Path, name: str) -> None:
    before = local_image(checkout)
    (checkout / name).write_text("changed")
    assert local_image(checkout) != before


def test_outside_a_checkout_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="is missing: run this in a checkout"):
        local_image(tmp_path)
