"""From an image URI and a request's container members to the command that stands for ``docker run``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from local_aws.api import Context, Image
from local_aws.services.sagemaker.errors import validation_error

PYTHON = ("python", "python3")


def image_name(uri: str) -> str:
    """``registry/team/vigil-ml:tag@sha256:…`` is the image ``vigil-ml``."""
    return uri.rsplit("/", 1)[-1].split("@", 1)[0].split(":", 1)[0]


def find_image(context: Context, uri: str) -> Image:
    """Raises a ValidationException that lists the images this server knows."""
    image = context.images.get(image_name(uri))
    if image is None:
        known = ", ".join(sorted(context.images)) or "none"
        raise validation_error(
            f"The image {uri} is not known to local_aws (known: {known}): start the server with --image FILE.toml."
        )
    return image


def command(
    image: Image, default: Sequence[str], entrypoint: Sequence[str] | None, arguments: Sequence[str] | None
) -> list[str]:
    """``docker run [--entrypoint E] IMAGE [ARGUMENTS]``, with ``default`` where the request gives neither.

    Training runs ``IMAGE train`` and hosting ``IMAGE serve``
    (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html).
    """
    if entrypoint or arguments:
        words = [*(entrypoint or image.entrypoint), *(arguments or ())]
    else:
        words = [*image.entrypoint, *default]
    if words and words[0] in PYTHON:
        words[0] = sys.executable
    return words
