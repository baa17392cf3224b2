"""Countries as older files write them, by name, and the two letters that newer ones write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml


@cache
def load_countries() -> Mapping[str, str]:
    """Names in upper case, as FDA and ISO 3166 write them, to two letters."""
    text = resources.files("vigil.cases").joinpath("countries.yaml").read_text(encoding="utf-8")
    names: dict[str, str] = yaml.safe_load(text)
    return names
