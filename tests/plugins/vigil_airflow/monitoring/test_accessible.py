"""Rules of accessibility that the markup of both pages shows; axe looks at them in a browser."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from monitoring_examples import window
from monitoring_pages import MODELS, MONITORING, MonitoringWorld
from page_reading import Page


def monitoring(world: MonitoringWorld) -> str:
    return world.browser.get(MONITORING).text


def a_window(world: MonitoringWorld) -> str:
    return world.browser.get(f"{MONITORING}/{window(7).key}/data-quality").text


def models(world: MonitoringWorld) -> str:
    return world.browser.get(MODELS).text


def a_form(world: MonitoringWorld) -> str:
    return world.browser.get(f"{MODELS}/5/rollback").text


def a_missing_reason(world: MonitoringWorld) -> str:
    return world.post(5, "confirm", **world.form(5)).text


def a_confirmation(world: MonitoringWorld) -> str:
    return world.post(5, "confirm", **world.form(5), reason="why").text


def an_asked_one(world: MonitoringWorld) -> str:
    return world.browser.get(world.post(5, "ask", **world.confirmation(5)).headers["location"]).text


def a_refusal(world: MonitoringWorld) -> str:
    return world.browser.get(f"{MODELS}/7/rollback").text


def a_wrong_password(world: MonitoringWorld) -> str:
    return world.post(5, "ask", **(world.confirmation(5) | {"password": "a wrong one"})).text


PAGES = [
    monitoring,
    a_window,
    models,
    a_form,
    a_missing_reason,
    a_confirmation,
    a_wrong_password,
    an_asked_one,
    a_refusal,
]


@pytest.mark.parametrize("page_of", PAGES, ids=lambda function: function.__name__)
def test_language_title_landmarks_headings_names_and_tables(
    world: MonitoringWorld, page_of: Callable[[MonitoringWorld], str]
) -> None:
    page = Page(page_of(world))
    assert page.all("html")[0]["lang"] == "en" and page.all("title")[0].text.endswith("– Vigil")
    assert [len(page.all(name)) for name in ("header", "main", "h1")] == [1, 1, 1]
    levels = [int(each.name[1]) for each in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.ids) == len(set(page.ids))
    for element in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.get(name, "").split()) <= set(page.ids)
        if element.name == "a" and element["href"].startswith("#"):
            assert element["href"][1:] in page.ids
        assert "style" not in element and not any(name.startswith("on") for name in element)
    for table in page.all("table"):
        assert table.inside[0].name == "caption" and table.inside[0].text.strip()
    assert all(each.get("scope") in {"col", "row"} for each in page.all("th"))


def test_links_that_look_alike_say_where_they_lead(world: MonitoringWorld) -> None:
    for text in (monitoring(world), models(world)):
        names: dict[str, set[str]] = {}
        for link in Page(text).all("a"):
            names.setdefault(" ".join((link.get("aria-label") or link.text).split()), set()).add(link["href"])
        assert [name for name, places in names.items() if len(places) > 1] == []
