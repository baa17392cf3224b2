"""Container images by digest: a tag can be moved after a person has signed, a digest cannot."""

from __future__ import annotations

import re

PINNED = r".+@sha256:[0-9a-f]{64}"  # the template's parameter MlImage allows the same


class ImageNotPinnedError(Exception):
    """An image is named by a tag; the message says where and what to give instead."""


def require_digest(image: str, source: str) -> str:
    """``image`` itself, if it carries a SHA-256 digest. ``source`` names where it was given."""
    if re.fullmatch(PINNED, image) is None:
        raise ImageNotPinnedError(
            f"{source} is {image!r}, which can be moved to another image after it was signed: give the pushed image's "
            "digest, as …/vigil-ml@sha256:<64 hex digits>"
        )
    return image
