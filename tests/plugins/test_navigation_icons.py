"""Our icons in Airflow's navigation can be seen there: 3:1 on each ground that they stand on (WCAG 2.2, 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from vigil_airflow.pages.static_files import FOLDER
from vigil_plugin import VigilPlugin

#: Airflow's navigation at rest, and its active item (its palette's brand.600), by theme.
GROUNDS = {"icon": ("#ffffff", "#3c5b89"), "icon_dark_mode": ("#111827", "#3c5b89")}
VIEWS = [view for view in VigilPlugin.external_views if view["destination"] == "nav"]


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view["name"])
def test_an_icon_stands_out_at_rest_and_when_its_view_is_open(view: dict[str, str], theme: str) -> None:
    drawing = (FOLDER / Path(view[theme]).name).read_text()
    [stroke] = re.findall(r'stroke="(#[0-9a-f]{6})"', drawing)
    for ground in GROUNDS[theme]:
        assert contrast(stroke, ground) >= 3, (stroke, ground)


def contrast(one: str, other: str) -> float:
    """As WCAG defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
