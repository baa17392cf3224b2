"""The tab's colours: one for each status that is not another's, readable on both of Airflow's grounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[3] / "plugins/vigil_airflow/pages/static"
STYLE = (STATIC / "state_machine/style.css").read_text()
#: Those that are told apart by the icon and the words alone, since they mean the same to a person.
ALIKE = {"timed-out": "failed"}
#: WCAG 2.2, 1.4.3: the words of a badge have the colour of their status (of icons and lines alone 3 would be enough).
LEAST_OF_TEXT = 4.5


def palettes() -> list[dict[str, str]]:
    blocks = re.findall(r"\{\s*color-scheme: \w+;(.*?)\}", STYLE, re.DOTALL)
    return [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in blocks]


def colours() -> dict[str, str]:
    """The palette's name for each status."""
    rules = re.findall(r"^((?:\.[\w-]+(?:, )?)+) \{ color: var\(--(\w+)\); \}", STYLE, re.MULTILINE)
    return {name.strip(" ."): colour for names, colour in rules for name in names.split(",")}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_each_status_has_a_colour_of_its_own() -> None:
    words = (STATIC / "state_machine/words.js").read_text()
    statuses = re.findall(r"^  '?([\w-]+)'?: '", words.partition("STATUS = {")[2].partition("};")[0], re.MULTILINE)
    assert len(statuses) == 9
    found = {status: colours()[status] for status in statuses if status not in ALIKE}
    for palette in palettes():
        assert len({palette[colour] for colour in found.values()}) == len(found)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark", "dark-by-system"])
def test_each_is_seen_on_the_page_and_on_a_card(palette: dict[str, str]) -> None:
    for colour in set(colours().values()):
        assert min(contrast(palette[colour], palette[ground]) for ground in ("back", "card")) >= LEAST_OF_TEXT, colour


def test_the_dark_ground_is_that_of_the_approvals_pages() -> None:
    approvals = set(re.findall(r"--bg: (#[0-9a-f]{6})", (STATIC / "approvals.css").read_text()))
    assert {palette["back"] for palette in palettes()} == approvals
